import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { cursorBeforeSnapshot } from "../../../../../gateway/live/delivery/snapshot-cursor.ts";
import { createCursorCodec } from "../../../../../gateway/live/log/cursor.ts";
import { reportCursor } from "../../../../../gateway/live/log/cursor-report.ts";

const SECRET = "a secret that is long enough for tests";
const MAIN = fileURLToPath(new URL("../../../../../gateway/live/log/cursor-main.ts", import.meta.url));
const codec = createCursorCodec(SECRET);
const cursor = { topic: "orders.events", epoch: "7", partition: 3, next: 2n ** 60n, key: "org-1", sequence: null };
const said = { topic: "orders.events", epoch: "7", partition: 3, next: String(2n ** 60n), sequence: null };

function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { env: { ...env } }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

test("a cursor of ours is told in full, and whether it is of a key", () => {
  const text = codec.encode(cursor);
  expect(reportCursor(SECRET, text)).toEqual({ valid: true, ...said, keyHash: expect.any(String) });
  expect(reportCursor(SECRET, text, "org-1")).toMatchObject({ valid: true, keyMatches: true, owesSnapshot: false });
  expect(reportCursor(SECRET, text, "org-2")).toMatchObject({ valid: true, keyMatches: false, owesSnapshot: false });
  const owing = cursorBeforeSnapshot(codec, cursor);
  expect(reportCursor(SECRET, owing, "org-1")).toMatchObject({ valid: true, keyMatches: true, owesSnapshot: true });
  expect(reportCursor(SECRET, owing, "org-2")).toMatchObject({ keyMatches: false, owesSnapshot: false });
});

test("a cursor that somebody else signed shows what it claims and is not valid", () => {
  const forged = createCursorCodec("another secret that is long enough").encode(cursor);
  expect(reportCursor(SECRET, forged, "org-1")).toEqual({ valid: false, ...said, keyHash: expect.any(String) });
  for (const nonsense of ["", "nonsense", "A".repeat(400), "A".repeat(5_000)]) {
    expect(reportCursor(SECRET, nonsense)).toEqual({ valid: false });
  }
});

test("the command takes the secret from the environment or the data folder and says by its exit code what it found", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tributary-cursor-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "secrets.json"), JSON.stringify({ cursorSecret: SECRET }));
  // One that begins with a dash: it must not be taken for an option.
  let next = 0n;
  while (!codec.encode({ ...cursor, next }).startsWith("-")) next += 1n;
  const text = codec.encode({ ...cursor, next });

  const [byFolder, byVariable, foreign, unknown, usage] = await Promise.all([
    run([text, "--key", "org-1"], { DATA_DIR: folder }),
    run(["--key", "org-2", text], { CURSOR_SECRET: SECRET }),
    run([text], { CURSOR_SECRET: "another secret that is long enough" }),
    run([text], { DATA_DIR: join(folder, "absent") }),
    run([], { CURSOR_SECRET: SECRET }),
  ]);
  expect(byFolder.code).toBe(0);
  expect(JSON.parse(byFolder.stdout)).toMatchObject({ valid: true, next: String(next), keyMatches: true });
  expect(byVariable.code).toBe(0);
  expect(JSON.parse(byVariable.stdout)).toMatchObject({ valid: true, keyMatches: false });
  expect(foreign.code).toBe(1);
  expect(JSON.parse(foreign.stdout)).toMatchObject({ valid: false, topic: "orders.events" });
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain("CURSOR_SECRET");
  expect(usage.code).toBe(2);
  expect(usage.stderr).toContain("npm run live:cursor");
  await rm(folder, { recursive: true });
});
