import { expect, test } from "vitest";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import { runCommandLine } from "../../../../platform/operator/command-line.ts";
import { BadArguments, type OperatorCommand, operatorCommand } from "../../../../platform/operator/operator-command.ts";
import { startProcess } from "../../../support/process.ts";

function command(name: string, run: () => Promise<void> = async () => undefined): OperatorCommand {
  return operatorCommand({ name, summary: `does ${name}`, usage: "ID", options: { why: { type: "string" } }, run });
}

const COMMANDS = [command("letters list"), command("letters show"), command("letters"), command("close")];

async function ask(words: readonly string[], commands: readonly OperatorCommand[] = COMMANDS) {
  const printed: string[] = [];
  const complaints: string[] = [];
  const code = await runCommandLine(
    {
      program: "run",
      commands,
      environment: {},
      print: (line) => void printed.push(line),
      complain: (line) => void complaints.push(line),
    },
    words,
  );
  return { code, printed: printed.join("\n"), complaints: complaints.join("\n") };
}

test("help lists every command with one line each, and one command's help its usage", async () => {
  const overview = await ask(["--help"]);
  expect(overview).toMatchObject({ code: 0, complaints: "" });
  for (const { name, summary } of COMMANDS) {
    expect(overview.printed).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
  }
  expect(await ask(["letters", "show", "--help"])).toMatchObject({
    code: 0,
    printed: "does letters show\n\nUsage: run letters show ID",
  });
});

test("an unknown command is answered by what exists, with exit status 2", async () => {
  const unknown = await ask(["erase", "x"]);
  expect(unknown).toMatchObject({ code: 2, printed: "" });
  expect(unknown.complaints).toMatch(/^BAD_ARGUMENTS: there is no command erase\n/);
  expect(unknown.complaints).toContain("  close ");
  expect((await ask([])).complaints).toMatch(/^BAD_ARGUMENTS: which command\?\n/);
  const near = await ask(["letters", "burn"], [command("letters list"), command("close")]);
  expect(near.complaints).toMatch(/^BAD_ARGUMENTS: there is no command letters burn\n/);
  expect(near.complaints).toContain("  letters list ");
  expect(near.complaints).not.toContain("  close ");
});

test("the longest name that the words begin with is run, with the words behind it", async () => {
  const given: unknown[] = [];
  const recorded = (name: string) =>
    operatorCommand({
      name,
      summary: "",
      usage: "",
      options: { why: { type: "string" } },
      run: async (values, positionals) => void given.push([name, values["why"], positionals]),
    });
  const commands = [recorded("letters"), recorded("letters show")];
  await ask(["letters", "show", "7", "--why", "x"], commands);
  await ask(["letters", "7"], commands);
  expect(given).toEqual([
    ["letters show", "x", ["7"]],
    ["letters", undefined, ["7"]],
  ]);
});

test("how a command ended is told by a code and an exit status", async () => {
  const failing = (error: Error) => ask(["close"], [command("close", () => Promise.reject(error))]);
  expect(await failing(refuse("NOT_FOUND", "There is none."))).toMatchObject({
    code: 1,
    complaints: expect.stringContaining("There is none."),
  });
  expect(await failing(new BadArguments("close takes one id"))).toMatchObject({
    code: 2,
    complaints: "BAD_ARGUMENTS: close takes one id\nUsage: run close ID",
  });
  expect(await failing(new Error("broken"))).toMatchObject({
    code: 2,
    complaints: "INTERNAL_SERVER_ERROR: broken",
  });
  expect((await ask(["close", "--force"])).complaints).toMatch(/^BAD_ARGUMENTS: Unknown option '--force'/);
  expect(await ask(["close"], [command("close"), command("close")])).toMatchObject({
    code: 2,
    complaints: "CONFIG_INVALID: Two subgraphs offer the command close.",
  });
});

test("npm run operator and npm run demo know --help, and say what there is when asked for something else", async () => {
  const ended = async (entry: string, entryArguments: readonly string[]) => {
    const running = await startProcess({ entry, entryArguments });
    const { code } = await running.exited;
    return { code, output: await running.output() };
  };
  const [operator, nothing, demo, wrong] = await Promise.all([
    ended("subgraphs/operator-main.ts", ["--help"]),
    ended("subgraphs/operator-main.ts", ["erase-user"]),
    ended("test/demo/main.ts", ["--help"]),
    ended("test/demo/main.ts", ["--adress", "x"]),
  ]);
  expect(operator).toMatchObject({ code: 0, output: expect.stringMatching(/^ {2}suspend-user +\S/m) });
  expect(nothing).toMatchObject({ code: 2, output: expect.stringMatching(/^ {2}suspend-user +\S/m) });
  expect(demo).toMatchObject({ code: 0, output: expect.stringContaining("--mailbox ADDRESS") });
  expect(wrong).toMatchObject({ code: 2, output: expect.stringContaining("--mailbox ADDRESS") });
});
