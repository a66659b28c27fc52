// A subgraph is a folder: its files are laid into a copy of the checkout, and nothing else is told that it is there.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gates, runGate } from "../gates.ts";
import { type Checkout, copyCheckout } from "../support/checkout.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import { type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import { freePort } from "../support/ports.ts";
import { startProcess, subgraphProcess } from "../support/process.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const FIXTURE = "test/fixtures/added-subgraph";
const NOTES = ["subgraphs/notes", "prisma/notes", "schema/notes.graphql", "schema/notes.live.graphql"];

/** The recipe "Adding a subgraph" of CONTRIBUTING.md. */
async function withNotes(): Promise<Checkout> {
  const checkout = await copyCheckout();
  await checkout.add(FIXTURE);
  for (const [entry, ...words] of [["schema/generate.ts"], ["prisma/generate.ts", "notes"]] as const) {
    expect(await checkout.run(entry, ...words)).toMatchObject({ code: 0 });
  }
  expect(await checkout.run("gateway/configuration/env-example-main.ts")).toMatchObject({ code: 0 });
  return checkout;
}

let checkout: Checkout;
beforeAll(async () => {
  checkout = await withNotes();
});
afterAll(() => checkout?.[Symbol.asyncDispose]());

describe.each(TOPOLOGIES)("%s: an added subgraph", (topology) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack(topology, { root: checkout.root });
  });
  afterAll(() => stack?.stop());

  test("is joined with others by a query, commands, is followed live and audited, and keeps tenants apart [S8]", async () => {
    const [owner, stranger] = await Promise.all([newMember(stack, "Ada Notes"), newMember(stack)]);
    const { organizationId } = await newOrganization(owner, "Note Works");
    const live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
    try {
      const stream = await live.subscribe<NoteEvents>(NOTE_EVENTS, { organizationId });
      const { note } = await write(owner, organizationId, "Remember the milk.");

      expect(await owner.client.request(NOTE, { id: note.id })).toEqual({
        note: {
          text: "Remember the milk.",
          author: { id: owner.userId, displayName: "Ada Notes" },
          organization: { name: "Note Works", notes: [{ id: note.id, author: { displayName: "Ada Notes" } }] },
        },
      });
      const { data } = await stream.waitFor("the note", ({ noteEvents }) => noteEvents.event.note?.id === note.id);
      expect(data?.noteEvents).toMatchObject({
        sequence: "1",
        type: "notes.note.written.v1",
        actor: { displayName: "Ada Notes" },
        event: { text: "Remember the milk.", note: { author: { displayName: "Ada Notes" } } },
      });
      const actions = () => actionsOf(owner, organizationId);
      await waitFor(async () => (await actions()).includes("notes.note.written"), { what: "the audit entry" });

      expect(await stranger.client.request("query($id: ID!) { note(id: $id) { id } }", { id: note.id })).toEqual({
        note: null,
      });
    } finally {
      await live.close();
    }
  });

  test("has its port, its readiness and its database as any other has", async () => {
    expect((await fetch(`${stack.processOf("notes").url}/ready`)).status).toBe(200);
    expect(stack.subgraphs).toEqual(["audit", "billing", "notes", "user"]);
  });
});

test("an added subgraph passes the gates: types, import arrows, contracts; its settings are in .env.example [S8]", async () => {
  const judge = (name: string, ...paths: readonly string[]) => {
    const gate = gates.find((candidate) => candidate.name === name);
    if (gate === undefined) throw new Error(`there is no gate ${name}`);
    return runGate({ ...gate, command: [...gate.command, ...paths] }, checkout.root);
  };
  const [types, arrows, schema] = await Promise.all([
    judge("types"),
    judge("style and import arrows", "subgraphs", "prisma/notes", "schema"),
    judge("schema and event contracts"),
  ]);
  for (const verdict of [types, arrows, schema])
    expect(verdict).toMatchObject({ output: expect.anything(), passed: true });
  const example = await readFile(join(checkout.root, ".env.example"), "utf8");
  for (const line of ["# NOTES_PORT=4004", "NOTES_DATABASE_URL=", "# NOTES_SUBGRAPH_URL=", "# NOTES_MAX_LENGTH=500"]) {
    expect(example).toContain(`\n${line}`);
  }
}, 360_000);

describe("a subgraph that is incomplete", () => {
  test.each([
    ["npm start", async () => ({ entry: "gateway/embedded-main.ts" })],
    ["the gateway", async () => ({ entry: "gateway/main.ts" })],
    ["another subgraph", async () => subgraphProcess("user")],
    ["db:seed", async () => ({ entry: "subgraphs/seed-main.ts" })],
  ])("is told by name by %s, which does not start", async (_who, program) => {
    await using broken = await copyCheckout();
    await broken.add(FIXTURE);
    await broken.remove("schema/notes.graphql");
    const env = { DATA_DIR: join(broken.root, ".data"), GATEWAY_PORT: String(await freePort()), ...SECRETS };
    const started = await startProcess({ ...(await program()), root: broken.root, env });
    expect(await started.exited).toMatchObject({ code: 1 });
    const output = await started.output();
    expect(output).toContain("subgraphs/notes is incomplete: schema/notes.graphql is missing");
    expect(output).toContain("prisma/notes/generated/client.ts is missing (run npm run db:generate)");
    expect(output).not.toContain("is running");
  });

  test("is told by name when its database does not answer: the platform does not say that it runs", async () => {
    await using broken = await copyCheckout(checkout.root);
    const index = "subgraphs/notes/index.ts";
    const text = await readFile(join(broken.root, index), "utf8");
    const away = 'checks: [{ ...database.check, check: () => Promise.reject(new Error("nobody there")) }],';
    await broken.write(index, text.replace("checks: [database.check],", away));
    const env = { DATA_DIR: join(broken.root, ".data"), GATEWAY_PORT: String(await freePort()) };
    const started = await startProcess({ entry: "gateway/embedded-main.ts", root: broken.root, env });
    expect(await started.exited).toMatchObject({ code: 1 });
    const output = await started.output();
    expect(output).toMatch(/These do not answer:\n {2}notes database: nobody there/);
    expect(output).not.toContain("is running");
  });

  test("is told by name when only `npm run schema` was forgotten", async () => {
    await using stale = await copyCheckout(checkout.root);
    const supergraph = "schema/generated/supergraph.graphql";
    await stale.write(supergraph, await readFile(supergraph, "utf8"));
    const env = { DATA_DIR: join(stale.root, ".data"), GATEWAY_PORT: String(await freePort()) };
    const started = await startProcess({ entry: "gateway/embedded-main.ts", root: stale.root, env });
    expect(await started.exited).toMatchObject({ code: 1 });
    expect(await started.output()).toMatch(/lacks subgraphs that are there: notes\. Run npm run schema/);
  });
});

describe("a subgraph that is removed", () => {
  test.each([
    ["that was added", NOTES, 0],
    [
      "that the web client asks",
      ["subgraphs/audit", "prisma/audit", "schema/audit.graphql", "schema/audit.live.graphql"],
      1,
    ],
  ])("leaves a platform that starts and answers: one %s", async (_which, files, code) => {
    await using rest = await copyCheckout(checkout.root);
    await rest.remove(...files);
    const generated = await rest.run("schema/generate.ts");
    expect(generated.code).toBe(code);
    if (code === 1) expect(generated.output).toContain("web-client/src/graphql asks for what no subgraph has");
    const stack = await startStack("embedded", { root: rest.root });
    try {
      const member = await newMember(stack, "Ada Rest");
      expect(await member.client.request("{ viewer { user { displayName } } }")).toEqual({
        viewer: { user: { displayName: "Ada Rest" } },
      });
    } finally {
      await stack.stop();
    }
  });
});

const SECRETS = { IDENTITY_SECRETS: randomBytes(32).toString("hex"), CURSOR_SECRET: randomBytes(32).toString("hex") };

const NOTE = `query($id: ID!) {
  note(id: $id) {
    text author { id displayName } organization { name notes { id author { displayName } } }
  }
}`;

const NOTE_EVENTS = `subscription($organizationId: ID!) {
  noteEvents(organizationId: $organizationId) {
    sequence type actor { displayName }
    event { ... on NoteWritten { text note { id author { displayName } } } }
  }
}`;

interface NoteEvents {
  readonly noteEvents: { readonly event: { readonly note: { readonly id: string } | null } };
}

function write(member: Member, organizationId: string, text: string): Promise<{ note: { id: string } }> {
  return member.client.mutate("noteWrite", { organizationId, text }, "note { id }");
}

async function actionsOf(member: Member, id: string): Promise<readonly string[]> {
  interface Log {
    organization: { auditLog: { edges: { node: { action: string } }[] } };
  }
  const query = "query($id: ID!) { organization(id: $id) { auditLog(first: 50) { edges { node { action } } } } }";
  const { organization } = await member.client.request<Log>(query, { id });
  return organization.auditLog.edges.map(({ node }) => node.action);
}
