import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startEmbeddedPostgres } from "../../../prisma/embedded-postgres.ts";
import { isRunning } from "../../../prisma/embedded-postmaster.ts";
import { waitFor } from "../../support/wait.ts";
import { withClient } from "./as-role.ts";

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "tributary-embedded-"));
});

afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

const rowsKept = (url: string): Promise<number> =>
  withClient(url, async (client) => (await client.query("SELECT n FROM kept")).rows.length);

test("a killed owner leaves no server behind and its data is there at the next start", async () => {
  const script = fileURLToPath(new URL("postgres-owner-main.ts", import.meta.url));
  const owner = spawn(process.execPath, [script, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(owner.stdout, "data");
  const orphan = Number(String(said));
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow("in use by another running process");

  owner.kill("SIGKILL");
  await once(owner, "exit");
  // At once, while the orphan may still live: the start itself has to cope.
  const server = await startEmbeddedPostgres({ dataDir });
  try {
    expect(await rowsKept(server.adminUrl)).toBe(1);
    expect(server.pid).not.toBe(orphan);
    await waitFor(() => !isRunning(orphan), { what: "the orphaned server to be gone" });
  } finally {
    await server.stop();
  }
});

test("a killed server keeps what it committed, and the port stays the same", async () => {
  const first = await startEmbeddedPostgres({ dataDir });
  await withClient(first.adminUrl, (client) => client.query("CREATE TABLE kept AS SELECT 1 AS n"));
  process.kill(first.pid, "SIGKILL");
  const second = await startEmbeddedPostgres({ dataDir });
  try {
    expect(await rowsKept(second.adminUrl)).toBe(1);
    expect(second.port).toBe(first.port);
  } finally {
    await second.stop();
    await first.stop();
  }
});

test("stop cuts open connections without waiting for them, ends in order, and may be called twice", async () => {
  const server = await startEmbeddedPostgres({ dataDir });
  const client = new Client({ connectionString: server.adminUrl });
  const notices: unknown[] = [];
  client.on("error", (error) => void notices.push(error));
  await client.connect();
  await client.query("BEGIN");
  await Promise.all([server.stop(), server.stop()]);
  await waitFor(() => !isRunning(server.pid), { what: "the process to be reaped" });
  // The server took leave (57P01, admin shutdown); it was not broken off.
  expect(notices[0]).toMatchObject({ code: "57P01" });
  await client.end().catch(() => undefined);
});

test("only the owner can read the superuser's password", async () => {
  const server = await startEmbeddedPostgres({ dataDir });
  await server.stop();
  expect((await stat(join(dataDir, "superuser.json"))).mode & 0o777).toBe(0o600);
  expect(new URL(server.adminUrl).hostname).toBe("127.0.0.1");
});
