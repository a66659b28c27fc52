/**
 * `npm run check`: every gate that needs no running service. All of them run, side by side, and all failures are shown:
 * whoever fixes one should not have to start again to learn of the next.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const root = join(import.meta.dirname, "..");

const steps: readonly Step[] = [
  { name: "format, lint and import arrows", command: ["biome", "ci", "--error-on-warnings", "--colors=off"] },
  { name: "types", command: ["tsc", "-p", "."] },
  { name: "schema drift and event contracts", command: ["node", "schema/check.ts"] },
  { name: "migration drift", command: ["node", "prisma/check.ts"] },
  { name: "unused code and dependencies", command: ["knip", "--no-progress", "--treat-config-hints-as-errors"] },
];

interface Outcome extends Step {
  readonly passed: boolean;
  readonly seconds: number;
  readonly output: string;
}

const run = async (step: Step): Promise<Outcome> => {
  const started = performance.now();
  const [command, ...args] = step.command;
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const passed = await new Promise<boolean>((resolve) => {
    child.on("error", (error) => {
      output += error.message;
      resolve(false);
    });
    child.on("close", (code) => resolve(code === 0));
  });
  return { ...step, passed, seconds: (performance.now() - started) / 1000, output };
};

const outcomes = await Promise.all(steps.map(run));
for (const { name, command, output } of outcomes.filter(({ passed }) => !passed)) {
  console.log(`\n━━ ${name}: ${command.join(" ")}\n${output.trimEnd()}`);
}
console.log("");
for (const { name, passed, seconds } of outcomes) {
  console.log(`${passed ? "pass" : "FAIL"}  ${name} (${seconds.toFixed(1)} s)`);
}
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1;
