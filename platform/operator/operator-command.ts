/**
 * A command of `npm run operator`: what only those who run the platform may do, from its command line. Subgraphs offer
 * theirs in their definition, one file each; the command line reads their words, prints their help and their refusals.
 */
import { userInfo } from "node:os";
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import type { Environment } from "../config/parse-config.ts";

export interface OperatorContext {
  readonly environment: Environment;
  /** Writes one line to standard output. */
  readonly print: (line: string) => void;
}

export interface OperatorCommand {
  /** One word, or several: `suspend-user`, `dead-letters list`. */
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** What follows the name, e.g. `ID --reason TEXT`. */
  readonly usage: string;
  /**
   * @param words what follows the name
   * @throws BadArguments; UserFailure when it was refused; any other error when it could not be tried
   */
  run(words: readonly string[], context: OperatorContext): Promise<void>;
}

/** The words do not say what to do: nothing was tried. */
export class BadArguments extends Error {}

type Options = ParseArgsOptionsConfig;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>>;

export interface OperatorCommandDefinition<O extends Options> extends Omit<OperatorCommand, "run"> {
  /** As `parseArgs` of `node:util` takes them. */
  readonly options: O;
  run(values: Parsed<O>["values"], positionals: readonly string[], context: OperatorContext): Promise<void>;
}

export function operatorCommand<const O extends Options>({
  options,
  run,
  ...named
}: OperatorCommandDefinition<O>): OperatorCommand {
  return {
    ...named,
    async run(words, context) {
      const { values, positionals } = parse(words, options);
      await run(values, positionals, context);
    },
  };
}

function parse<O extends Options>(words: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error));
  }
}

const OPERATOR_NAME = /^[A-Za-z0-9._@-]{1,64}$/;

/** For the options of commands that change something. */
export const BY_OPTION = { by: { type: "string" } } as const;

/**
 * Who works on the command line; whatever they cause names them. Default: the user of the operating system.
 * @throws BadArguments
 */
export function operatorName(by: string | undefined): string {
  const name = by ?? userInfo().username;
  if (!OPERATOR_NAME.test(name)) throw new BadArguments("--by takes 1 to 64 letters, digits and . _ @ -");
  return name;
}
