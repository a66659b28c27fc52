// A start that cannot succeed ends soon, says what to do, and leaves nothing running: for every process of the
// platform.
import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseUrls, prepareDatabase } from "../../prisma/databases.ts";
import { subgraphDatabases } from "../../prisma/subgraph-databases.ts";
import { freePort } from "../support/ports.ts";
import { type ProcessOptions, startProcess, subgraphProcess } from "../support/process.ts";
import { startPostgres } from "../support/services/postgres.ts";
import { serviceAddress } from "../support/services/service-addresses.ts";
import { temporaryFolder } from "../support/stack/stack.ts";
import { waitFor } from "../support/wait.ts";

/** A start that fails must not make its operator wait; the machine may be busy, though. */
const FAIL_WITHIN_MS = 20_000;
const ROLE_PASSWORD = "test-password";
const SECRET = randomBytes(32).toString("hex");
const CLOSED = "127.0.0.1:1";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let taken: Server;
let takenPort: number;

beforeAll(async () => {
  folder = await temporaryFolder();
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const address = taken.address();
  takenPort = typeof address === "object" && address !== null ? address.port : 0;
});

afterAll(async () => {
  taken.close();
  await folder.remove();
});

/** What the process said before it ended, which it must do by itself and with a code that says so. */
async function failedStart(options: ProcessOptions): Promise<string> {
  const started = await startProcess(options);
  await waitFor(() => !started.running, { what: "the failed start to end", deadlineMs: FAIL_WITHIN_MS });
  const { code, signal } = await started.exited;
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  return started.output();
}

const embedded = (env: Readonly<Record<string, string>>): ProcessOptions => ({
  entry: "gateway/embedded-main.ts",
  env: { DATA_DIR: join(folder.path, "data"), GATEWAY_PORT: "0", BCRYPT_COST: "4", SEED_DEMO: "false", ...env },
});

/** Processes that work on a folder, as their command lines tell. */
async function processesIn(path: string): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(path)).map((line) => line.replaceAll("\0", " "));
}

/** A complete configuration of a subgraph process whose database is at `server`. */
function subgraphSettings(name: string, server: string, password = "pw"): Record<string, string> {
  const prefix = name.toUpperCase();
  const url = (role: string) => `postgresql://tributary_${name}_${role}:${password}@${server}/shop`;
  return {
    IDENTITY_SECRETS: SECRET,
    KAFKA_BROKERS: CLOSED,
    SMTP_URL: `smtp://${CLOSED}`,
    SIGNING_KEY_FILE: join(folder.path, "signing-keys.json"),
    [`${prefix}_PORT`]: "0",
    [`${prefix}_DATABASE_URL`]: url("app"),
    [`${prefix}_RELAY_DATABASE_URL`]: url("relay"),
  };
}

describe("a configuration that cannot work", () => {
  test.each<[string, Pick<ProcessOptions, "entry" | "entryArguments">, readonly string[]]>([
    ["the gateway", { entry: "gateway/main.ts" }, ["IDENTITY_SECRETS", "CURSOR_SECRET"]],
    [
      "the user subgraph",
      subgraphProcess("user"),
      ["IDENTITY_SECRETS", "USER_DATABASE_URL", "USER_RELAY_DATABASE_URL", "SMTP_URL"],
    ],
    [
      "the billing subgraph",
      subgraphProcess("billing"),
      ["IDENTITY_SECRETS", "BILLING_DATABASE_URL", "BILLING_RELAY_DATABASE_URL"],
    ],
    [
      "the audit subgraph",
      subgraphProcess("audit"),
      ["IDENTITY_SECRETS", "AUDIT_DATABASE_URL", "AUDIT_RELAY_DATABASE_URL"],
    ],
  ])("%s names every missing setting at once [S119]", async (_who, entry, keys) => {
    const output = await failedStart({ ...entry, env: { LOG_LEVEL: "loudest" } });
    expect(output).toContain("Bad configuration: fix these environment variables (see .env.example)");
    const named = [...output.matchAll(/^ {2}([A-Z_]+): (.+)$/gm)].map(([, key, problem]) => [
      key,
      problem?.split(" (")[0],
    ]);
    expect(named).toEqual(expect.arrayContaining(keys.map((key) => [key, "is not set"])));
    expect(named.map(([key]) => key)).toContain("LOG_LEVEL");
    expect(named).toHaveLength(keys.length + 1);
  });

  test("npm start names every bad value by its key and prints none of them [S119]", async () => {
    const bad = { GATEWAY_PORT: "porty", LOG_LEVEL: "loudest", BCRYPT_COST: "costly", SEED_DEMO: "perhaps" };
    const output = await failedStart(embedded(bad));
    for (const [key, value] of Object.entries(bad)) {
      expect(output).toMatch(new RegExp(`^ {2}${key}: `, "m"));
      expect(output).not.toContain(value);
    }
  });

  test("a bad secret or address is not printed either [S119]", async () => {
    const env = {
      ...subgraphSettings("audit", CLOSED),
      IDENTITY_SECRETS: "short-secret",
      AUDIT_DATABASE_URL: "mysql://root:hunter2@db/x",
    };
    const output = await failedStart({ ...subgraphProcess("audit"), env });
    expect(output).toMatch(/IDENTITY_SECRETS: .*32 characters/);
    expect(output).toMatch(/AUDIT_DATABASE_URL: must be a URL with the scheme postgres/);
    expect(output).not.toMatch(/short-secret|hunter2|mysql/);
  });

  test.each<[string, typeof embedded]>([
    [
      "the gateway",
      (env) => ({ entry: "gateway/main.ts", env: { ...env, IDENTITY_SECRETS: SECRET, CURSOR_SECRET: SECRET } }),
    ],
    ["npm start", embedded],
  ])("%s refuses a drain that would outlast the stop, and says what to set", async (_who, optionsOf) => {
    const output = await failedStart(optionsOf({ DRAIN_MS: "6000", SHUTDOWN_GRACE_MS: "8000" }));
    expect(output).toContain("Set SHUTDOWN_GRACE_MS above 8000, or DRAIN_MS below 6000.");
  });

  test("a supergraph file that is not there, or is none, is named", async () => {
    const missing = join(folder.path, "no.graphql");
    const start = (file: string) => failedStart({ entry: "gateway/main.ts", entryArguments: ["--supergraph", file] });
    expect(await start(missing)).toContain(`${missing} cannot be read`);
    const broken = join(folder.path, "broken.graphql");
    await writeFile(broken, "type Query {");
    expect(await start(broken)).toContain("not a valid supergraph");
  });

  test("an unknown argument of the gateway is answered with the usage", async () => {
    const output = await failedStart({ entry: "gateway/main.ts", entryArguments: ["--frobnicate"] });
    expect(output).toContain("Usage: npm run start:gateway");
  });

  test("a data folder that cannot be made is named with its setting", async () => {
    const file = join(folder.path, "a-file");
    await writeFile(file, "");
    const output = await failedStart(embedded({ DATA_DIR: join(file, "data") }));
    expect(output).toMatch(/data folder .*a-file.data cannot be made: set DATA_DIR/);
  });
});

describe("a port that is taken", () => {
  test("ends npm start with the port and the setting, before a database is started [S119]", async () => {
    const output = await failedStart(embedded({ GATEWAY_PORT: String(takenPort) }));
    expect(output).toContain(`Port ${takenPort} is taken by another program: stop it, or set GATEWAY_PORT`);
    expect(await processesIn(folder.path)).toEqual([]);
  });

  test("ends a gateway of its own with the same advice [S119]", async () => {
    const supergraph = ["--supergraph", "schema/generated/supergraph.graphql", "--port", String(takenPort)];
    const output = await failedStart({ entry: "gateway/main.ts", entryArguments: supergraph });
    expect(output).toContain(`Port ${takenPort} is taken by another program: stop it, or set GATEWAY_PORT`);
  });
});

describe("a service that cannot be reached", () => {
  test.each(subgraphDatabases())(
    "the database: the %s subgraph names it and the setting, not the password [S119]",
    async (name) => {
      const env = subgraphSettings(name, CLOSED, "hunter2");
      const output = await failedStart({ ...subgraphProcess(name), env });
      const setting = `${name.toUpperCase()}_DATABASE_URL`;
      expect(output).toContain(`The database "shop" at ${CLOSED} does not answer: start it, or correct ${setting}.`);
      expect(output).not.toContain("hunter2");
    },
  );

  test("the event log, a refused login, a database that is not prepared: each with its setting [S119]", async () => {
    const adminUrl = serviceAddress("postgres");
    const database = `bad_start_${randomBytes(5).toString("hex")}`;
    const urls = databaseUrls(adminUrl, "audit", ROLE_PASSWORD, database);
    await prepareDatabase({ adminUrl, name: "audit", urls });
    const env = {
      ...subgraphSettings("audit", CLOSED),
      AUDIT_DATABASE_URL: urls.app,
      AUDIT_RELAY_DATABASE_URL: urls.relay ?? "",
    };
    const start = (more: Readonly<Record<string, string>>) =>
      failedStart({ ...subgraphProcess("audit"), env: { ...env, ...more } });
    try {
      expect(await start({})).toContain(`Kafka does not answer at ${CLOSED}: start it, or correct KAFKA_BROKERS.`);
      expect(await start({ KAFKA_BROKERS: "" })).toContain("KAFKA_BROKERS is not set, and EVENT_LOG needs it");
      const events = `postgresql://tributary_events_app:pw@${CLOSED}/events`;
      expect(await start({ EVENT_LOG: "postgres", EVENTS_DATABASE_URL: events })).toContain(
        `The database "events" at ${CLOSED} does not answer: start it, or correct EVENTS_DATABASE_URL.`,
      );
      const wrong = new URL(urls.relay ?? "");
      wrong.password = "hunter2";
      const refused = await start({ AUDIT_RELAY_DATABASE_URL: wrong.href });
      expect(refused).toMatch(/refuses the login of tributary_audit_relay: correct AUDIT_RELAY_DATABASE_URL/);
      expect(refused).not.toContain("hunter2");
      const empty = new URL(urls.app);
      empty.pathname = "/nowhere";
      expect(await start({ AUDIT_DATABASE_URL: empty.href })).toMatch(
        /"nowhere" .* is not prepared for tributary_audit_app: run npm run db:migrate, or correct AUDIT_DATABASE_URL/,
      );
    } finally {
      await withClient(adminUrl, (client) => client.query(`DROP DATABASE "${database}" WITH (FORCE)`));
    }
  });
});

test("a second npm start on one data folder is refused and leaves the first alone; a bad migration history stops the next one [S119]", async () => {
  const dataDir = join(folder.path, "shared");
  const port = await freePort();
  const env = { DATA_DIR: dataDir, GATEWAY_PORT: String(port) };
  const ready = new URL(`http://127.0.0.1:${port}/ready`);
  const first = await startProcess({ ...embedded(env), ready, readyDeadlineMs: 60_000 });

  const refused = await failedStart(embedded({ DATA_DIR: dataDir }));
  expect(refused).toContain(`${dataDir} is in use by another running platform (process ${first.pid}): stop that one`);
  expect((await fetch(ready)).status).toBe(200);

  expect(await first.stop()).toEqual({ code: 0, signal: null });
  await waitFor(async () => (await processesIn(dataDir)).length === 0, { what: "nothing to run in the folder" });

  const postgres = await startPostgres({ dataDir: join(dataDir, "postgres") });
  const billing = new URL(postgres.adminUrl);
  billing.pathname = "/tributary_billing";
  await withClient(billing.href, (client) => client.query("UPDATE _prisma_migrations SET checksum = 'edited'"));
  await postgres.stop();

  const output = await failedStart(embedded(env));
  expect(output).toMatch(/Migration \d+_foundation was edited after it had been applied/);
  await waitFor(async () => (await processesIn(dataDir)).length === 0, { what: "nothing to run in the folder" });
});

async function withClient(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
