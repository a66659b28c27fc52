import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { DEMO } from "../../../subgraphs/user/demo/seed-demo.ts";
import { freePort } from "../../support/ports.ts";
import { type ProjectProcess, startProcess } from "../../support/process.ts";
import { startStopwatch } from "../../support/stopwatch.ts";

const run = promisify(execFile);
let dataDir: string;
let port: number;
let platform: ProjectProcess;

const start = () =>
  startProcess({
    entry: "gateway/embedded-main.ts",
    env: { DATA_DIR: dataDir, GATEWAY_PORT: String(port), BCRYPT_COST: "4" },
    ready: /Press Ctrl-C to stop/,
    readyDeadlineMs: 60_000,
  });

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "tributary-embedded-"));
  port = await freePort();
  platform = await start();
});
afterAll(async () => {
  await platform.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const answerSchema = z.looseObject({
  data: z.record(z.string(), z.any()).nullish(),
  errors: z.array(z.looseObject({ extensions: z.record(z.string(), z.unknown()) })).optional(),
  extensions: z.record(z.string(), z.unknown()).optional(),
});

async function ask(query: string, variables: Record<string, unknown> = {}, token?: string) {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...answerSchema.parse(await response.json()) };
}

async function signIn(): Promise<string> {
  const { data } = await ask(
    "mutation ($email: EmailAddress!, $password: String!) { sessionCreate(input: { email: $email, password: $password }) { tokens { accessToken } } }",
    { email: DEMO.email, password: DEMO.password },
  );
  return z.string().parse(data?.["sessionCreate"].tokens.accessToken);
}

const FEDERATED = `query ($slug: String!) {
  organization(slug: $slug) {
    name
    billingAccount { invoices(first: 1) { edges { node { status } } } }
    auditLog(first: 1) { edges { node { hash } } }
  }
}`;

test("the started platform says where to go and answers over all three subgraphs", async () => {
  const output = await platform.output();
  for (const part of ["/graphql", "/graphiql", "/mailbox", DEMO.email, DEMO.password]) expect(output).toContain(part);
  const { status, data } = await ask(FEDERATED, { slug: DEMO.slug }, await signIn());
  expect(status).toBe(200);
  expect(data).toMatchObject({
    organization: {
      name: DEMO.organizationName,
      billingAccount: { invoices: { edges: [{ node: { status: "PAID" } }] } },
      auditLog: { edges: [{ node: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) } }] },
    },
  });
});

test("a bad token is refused and a missing one is an anonymous caller", async () => {
  const refused = await ask("{ plans(first: 1) { edges { node { id } } } }", {}, "nonsense");
  expect(refused.status).toBe(401);
  expect(refused.errors?.[0]?.extensions["code"]).toBe("UNAUTHENTICATED");
  expect((await ask("{ viewer { user { id } } }")).data).toEqual({ viewer: null });
});

test("what a mutation made is there for the next request, and a repeat with the same key says so", async () => {
  const token = await signIn();
  const create = `mutation ($key: String!) {
    organizationCreate(input: { name: "Fresh", idempotencyKey: $key }) { organization { id } userErrors { code } }
  }`;
  const key = crypto.randomUUID();
  const first = await ask(create, { key }, token);
  const id = z.string().parse(first.data?.["organizationCreate"].organization.id);
  expect((await ask("query ($id: ID!) { organization(id: $id) { id } }", { id }, token)).data).toEqual({
    organization: { id },
  });
  const second = await ask(create, { key }, token);
  expect(second.data).toEqual(first.data);
  expect(second.extensions).toMatchObject({ idempotency: { replayed: true } });
});

test("a revoked session is refused on its next request", async () => {
  const token = await signIn();
  expect((await ask("{ viewer { user { id } } }", {}, token)).status).toBe(200);
  await ask("mutation { sessionRevoke(input: {}) { revokedIds } }", {}, token);
  expect((await ask("{ viewer { user { id } } }", {}, token)).status).toBe(401);
});

test("the live room's counters can be scraped", async () => {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  expect(text).toMatch(/^tributary_live_connections 0$/m);
  expect(text).toMatch(/^tributary_live_events_in_total \d+$/m);
});

test("secrets are kept for the owner only", async () => {
  const { stdout } = await run("stat", ["-c", "%a", join(dataDir, "secrets.json"), join(dataDir, "signing-keys.json")]);
  expect(stdout.trim().split("\n")).toEqual(["600", "600"]);
});

test("a second platform on the same folder is refused with what to do", async () => {
  const second = await startProcess({
    entry: "gateway/embedded-main.ts",
    env: { DATA_DIR: dataDir, GATEWAY_PORT: String(await freePort()) },
  });
  expect(await second.exited).toMatchObject({ code: 1 });
  expect(await second.output()).toMatch(/is in use by another running platform \(process \d+\)/);
});

test("Ctrl-C stops everything within five seconds, and the next start has the data", async () => {
  const stopwatch = startStopwatch();
  expect(await platform.kill("SIGINT")).toMatchObject({ code: 0 });
  // Usually one second.
  expect(stopwatch.ms()).toBeLessThan(5_000);
  stopwatch.stop();
  const { stdout } = await run("ps", ["-eo", "args"]);
  expect(stdout).not.toContain(dataDir);
  const secrets = await readFile(join(dataDir, "secrets.json"), "utf8");

  platform = await start();
  expect(await readFile(join(dataDir, "secrets.json"), "utf8")).toBe(secrets);
  const { data } = await ask(
    "query ($slug: String!) { organization(slug: $slug) { name } }",
    { slug: DEMO.slug },
    await signIn(),
  );
  expect(data).toEqual({ organization: { name: DEMO.organizationName } });
});
