import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startProcess, stopProcesses } from "../../support/process.ts";
import { waitFor } from "../../support/wait.ts";
import { isRunning } from "../../support/watched-child.ts";

const FIXTURES = "test/unit/support/fixtures";
const LISTENING = /listening on (\S+)/;

async function childOf(asker: { waitForOutput(pattern: RegExp): Promise<RegExpMatchArray> }): Promise<number> {
  return Number((await asker.waitForOutput(/^child (\d+)/m))[1]);
}

function startAsker() {
  const stubborn = fileURLToPath(new URL("./fixtures/stubborn-child.ts", import.meta.url));
  return startProcess({ entry: `${FIXTURES}/asker.ts`, entryArguments: ["/dev/null", stubborn] });
}

test("a process is ready at the line it was waited for, with this Node and its own environment only", async () => {
  await using server = await startProcess({
    entry: `${FIXTURES}/small-server.ts`,
    env: { GREETING: "good morning" },
    ready: LISTENING,
  });
  const answer = await fetch(server.readyMatch?.[1] ?? "");
  expect(await answer.text()).toBe("good morning");
  await expect(server.output()).resolves.toContain("listening on");
});

test("a signal ends a process and its exit code is known", async () => {
  const server = await startProcess({ entry: `${FIXTURES}/small-server.ts`, ready: LISTENING });
  await expect(server.kill("SIGTERM")).resolves.toEqual({ code: 7, signal: null });
  await expect(server.exited).resolves.toEqual({ code: 7, signal: null });
  expect(server.running).toBe(false);
});

test("a process that ends before it is ready fails at once with the end of its log", async () => {
  await expect(startProcess({ entry: `${FIXTURES}/missing.ts`, ready: LISTENING })).rejects.toThrow(
    "Cannot find module",
  );
});

test("a process whose URL does not answer in time is ended", async () => {
  const failure = startProcess({
    entry: `${FIXTURES}/stubborn-child.ts`,
    ready: new URL("http://127.0.0.1:9/"),
    readyDeadlineMs: 300,
  });
  await expect(failure).rejects.toThrow("did not become ready");
});

test("whatever still runs at the end of a file is ended", async () => {
  const server = await startProcess({ entry: `${FIXTURES}/small-server.ts`, ready: LISTENING });
  await stopProcesses();
  expect(await isRunning(server.pid)).toBe(false);
});

test("a watched child ends when its asker is killed, even one that ignores SIGTERM", async () => {
  const asker = await startAsker();
  const child = await childOf(asker);
  expect(await isRunning(child)).toBe(true);
  await asker.kill("SIGKILL");
  await waitFor(async () => !(await isRunning(child)), { what: `process ${child} to end` });
});
