/**
 * The command line of operators: finds the command, prints help, and says with a code and an exit status how it ended.
 * 0: it is so (also when it was so already). 1: the command was refused. 2: it could not be tried. Every failure begins
 * with a code.
 */
import { AppError, findAppError } from "../errors/app-error.ts";
import { UserFailure } from "../errors/user-failure.ts";
import { BadArguments, type OperatorCommand, type OperatorContext } from "./operator-command.ts";

export interface CommandLine extends OperatorContext {
  /** How it is called, e.g. `npm run operator --`. */
  readonly program: string;
  readonly commands: readonly OperatorCommand[];
  /** Writes one line to standard error. */
  readonly complain: (line: string) => void;
}

/** @returns the exit status */
export async function runCommandLine(line: CommandLine, words: readonly string[]): Promise<number> {
  const [first] = words;
  if (first === "--help" || first === "-h" || first === "help") {
    line.print(overview(line));
    return 0;
  }
  try {
    refuseNamesakes(line.commands);
    const command = findCommand(line, words);
    const rest = words.slice(command.name.split(" ").length);
    if (rest.includes("--help") || rest.includes("-h")) {
      line.print(`${command.summary}\n\nUsage: ${usageOf(line, command)}`);
      return 0;
    }
    await runOne(line, command, rest);
    return 0;
  } catch (error) {
    return report(line, error);
  }
}

async function runOne(line: CommandLine, command: OperatorCommand, words: readonly string[]): Promise<void> {
  try {
    await command.run(words, line);
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error;
    throw new BadArguments(`${error.message}\nUsage: ${usageOf(line, command)}`);
  }
}

function report({ complain }: CommandLine, error: unknown): number {
  if (error instanceof BadArguments) {
    complain(`BAD_ARGUMENTS: ${error.message}`);
    return 2;
  }
  if (error instanceof UserFailure) {
    complain(error.message);
    return 1;
  }
  const code = findAppError(error)?.code ?? "INTERNAL_SERVER_ERROR";
  complain(`${code}: ${error instanceof Error ? error.message : String(error)}`);
  return 2;
}

/** The one with the longest name that the words begin with. @throws BadArguments naming all that there are */
function findCommand(line: CommandLine, words: readonly string[]): OperatorCommand {
  const found = line.commands
    .filter(({ name }) => name.split(" ").every((part, at) => words[at] === part))
    .sort((left, right) => right.name.length - left.name.length)[0];
  if (found !== undefined) return found;
  const [first] = words;
  const known = line.commands.filter(({ name }) => name.split(" ")[0] === first);
  const asked = known.length === 0 ? first : words.slice(0, 2).join(" ");
  const problem = asked === undefined ? "which command?" : `there is no command ${asked}`;
  throw new BadArguments(`${problem}\n${overview(known.length === 0 ? line : { ...line, commands: known })}`);
}

function refuseNamesakes(commands: readonly OperatorCommand[]): void {
  const names = commands.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new AppError("CONFIG_INVALID", `Two subgraphs offer the command ${twice}.`);
}

const usageOf = ({ program }: CommandLine, { name, usage }: OperatorCommand) => `${program} ${name} ${usage}`.trim();

function overview({ program, commands }: CommandLine): string {
  const sorted = [...commands].sort((left, right) => (left.name < right.name ? -1 : 1));
  const width = Math.max(0, ...sorted.map(({ name }) => name.length)) + 2;
  const lines = sorted.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return [`Usage: ${program} COMMAND …`, "", ...lines, "", `More of one: ${program} COMMAND --help`].join("\n");
}
