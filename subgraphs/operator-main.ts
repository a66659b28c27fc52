/**
 * `npm run operator -- COMMAND …`: what only those who run the platform may do. Works beside the running platform,
 * which learns of it by event. The subgraphs' definitions offer the commands.
 */
import { failStart } from "../platform/lifecycle/run-process.ts";
import { runCommandLine } from "../platform/operator/command-line.ts";
import { listSubgraphs } from "./list.ts";

try {
  const offered = await Promise.all((await listSubgraphs()).map((subgraph) => subgraph.operatorCommands()));
  const commandLine = {
    program: "npm run operator --",
    commands: offered.flat(),
    environment: process.env,
    print: (line: string) => void process.stdout.write(`${line}\n`),
    complain: (line: string) => void process.stderr.write(`${line}\n`),
  };
  process.exitCode = await runCommandLine(commandLine, process.argv.slice(2));
} catch (error) {
  failStart(error);
}
