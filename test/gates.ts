/**
 * The gates of `npm run check`: commands that end with 0 when a work tree may be merged. They need no running service
 * and judge the folder they are started in, so the negative examples are judged by the very same commands.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

export interface Gate {
  readonly name:
    | "style and import arrows"
    | "comment width"
    | "types"
    | "schema and event contracts"
    | "migrations"
    | "unused code";
  readonly command: readonly [string, ...string[]];
}

const root = join(import.meta.dirname, "..");

export const gates: readonly Gate[] = [
  {
    name: "style and import arrows",
    command: ["biome", "ci", "--error-on-warnings", "--max-diagnostics=none", "--colors=off"],
  },
  { name: "comment width", command: ["node", join(root, "lint-rules/comment-width.ts")] },
  { name: "types", command: ["tsc", "-p", "."] },
  { name: "schema and event contracts", command: ["node", join(root, "schema/check.ts")] },
  { name: "migrations", command: ["node", join(root, "prisma/check.ts")] },
  { name: "unused code", command: ["knip", "--no-progress", "--treat-config-hints-as-errors"] },
];

export interface Verdict {
  readonly gate: Gate;
  readonly passed: boolean;
  readonly seconds: number;
  readonly output: string;
}

/** Runs one gate on a folder; a command that cannot be started fails its gate. */
export const runGate = async (gate: Gate, directory: string): Promise<Verdict> => {
  const started = performance.now();
  const [command, ...args] = gate.command;
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  const child = spawn(command, args, {
    cwd: directory,
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
  return { gate, passed, seconds: (performance.now() - started) / 1000, output };
};
