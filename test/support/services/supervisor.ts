// Runs one program and guarantees that it does not outlive whoever asked for it: when standard input closes (the asker ended, in
// whatever way) the program gets SIGTERM and, 3 s later, SIGKILL. Its pid is the first line on standard output.
// Usage: node supervisor.ts LOG_FILE PROGRAM [ARGUMENTS…]
import { spawn } from "node:child_process";
import { openSync, writeSync } from "node:fs";

const GRACE_MS = 3000;
const [logFile, program, ...programArguments] = process.argv.slice(2);
if (logFile === undefined || program === undefined) throw new Error("usage: supervisor LOG_FILE PROGRAM [ARGUMENTS…]");

const log = openSync(logFile, "a");
const child = spawn(program, programArguments, { stdio: ["ignore", log, log] });

child.once("error", (error) => {
  writeSync(log, `${program}: ${error.message}\n`);
  process.exit(127);
});
child.once("spawn", () => process.stdout.write(`${child.pid}\n`));
child.once("exit", (code, signal) => {
  writeSync(log, `${program} ended: ${signal ?? `code ${code}`}\n`);
  process.exit(signal === null ? (code ?? 1) : 1);
});

function end(): void {
  child.kill("SIGTERM");
  setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
}

// The asker reads the pid through this pipe and may be gone before it is written.
process.stdout.on("error", end);
process.stdin.on("end", end).on("error", end).resume();
// Ctrl-C reaches every process of the terminal; the asker decides, by closing standard input.
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const)
  process.on(signal, signal === "SIGTERM" ? end : () => {});
