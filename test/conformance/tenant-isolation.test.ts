// MT-03: whatever field is asked with another tenant's id answers as it would for an id that does not exist, and writes
// nothing. The calls are made up from the schema, so a field added tomorrow is covered tomorrow.
import { readFileSync } from "node:fs";
import { buildSchema, type GraphQLFormattedError, OperationTypeNode, parse } from "graphql";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createIdentitySigner, IDENTITY_HEADER } from "../../platform/auth/identity-header.ts";
import { systemClock } from "../../platform/clock.ts";
import { createIdSource } from "../../platform/ids.ts";
import { subgraphDatabases } from "../../prisma/subgraph-databases.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import { userWith } from "../support/identities.ts";
import { resolvableEntities } from "../support/isolation/entity-types.ts";
import { callsWithIds, type SchemaCall } from "../support/isolation/schema-calls.ts";
import { newTenant, type Tenant } from "../support/isolation/tenant.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const apiSchema = buildSchema(readFileSync("schema/generated/api.graphql", "utf8"));
const calls = (operation: OperationTypeNode) => callsWithIds(apiSchema, operation);
const ids = createIdSource(systemClock);

let stack: Stack;
let victim: Tenant;
let attacker: Tenant;

beforeAll(async () => {
  stack = await startStack("distributed");
  [victim, attacker] = await Promise.all([newTenant(stack, "Victim"), newTenant(stack, "Attacker")]);
});
afterAll(async () => {
  await Promise.all([victim?.close(), attacker?.close()]);
  await stack?.stop();
});

/** The answer without what differs from call to call. */
function shape(answer: { data?: unknown; errors?: readonly GraphQLFormattedError[] | undefined }, id: string): unknown {
  const errors = answer.errors?.map(({ message, path, extensions }) => ({
    message,
    path,
    code: extensions?.["code"],
    status: extensions?.["status"],
  }));
  return JSON.parse(JSON.stringify({ data: answer.data, errors }).replaceAll(id, "<id>"));
}

/** Victim ids to try at a position: the fitting kind, and for `node` every kind. */
function foreignIds({ field, probed }: SchemaCall): [string, string][] {
  if (field === "node" || field === "nodes") {
    return Object.entries(victim.ids).filter(([kind]) => kind !== "pln");
  }
  return [[probed.kind, victim.ids[probed.kind] ?? ""]];
}

function codesOf(answer: unknown): string[] {
  return [...JSON.stringify(answer).matchAll(/"code":"([A-Z_]+)"/g)].map(([, code]) => code ?? "");
}

/** Rows of every table that a request can write, in all databases. */
async function countRows(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [name, url] of stack.subgraphs.map((name) => [name, stack.databaseOf(name)] as const)) {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      const tables = await client.query<{ name: string }>(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_prisma%' AND tablename NOT IN ('inbox')",
      );
      for (const table of tables.rows) {
        const [row] = (await client.query<{ count: string }>(`SELECT count(*) FROM "${table.name}"`)).rows;
        counts[`${name}.${table.name}`] = Number(row?.count);
      }
    } finally {
      await client.end();
    }
  }
  return counts;
}

/** What only operators may do is refused to everybody else alike, whatever they name. */
const refusalOf = ({ field }: SchemaCall): string =>
  /^(deadLetter|featureFlag|userReplay)/.test(field) ? "FORBIDDEN" : "NOT_FOUND";

const own = (kind: string): string => attacker.ids[kind] ?? "";

describe("queries with a foreign id answer as with a random one [MT-03][S27][S77]", () => {
  test.each(calls(OperationTypeNode.QUERY).map((call) => [call.title, call] as const))("%s", async (_title, call) => {
    for (const [kind, foreign] of foreignIds(call)) {
      const random = ids.next(kind);
      const [hers, nobodys] = await Promise.all(
        [foreign, random].map((id) => attacker.owner.client.send(call.document, call.variables(id, own))),
      );
      expect(shape(hers ?? {}, foreign), `${kind} as ${call.title}`).toEqual(shape(nobodys ?? {}, random));
      const value = hers?.data?.[call.field];
      if (call.field === "node" || call.field === "nodes") continue;
      expect(value).toBeNull();
      expect(codesOf(hers?.errors)).toContain(refusalOf(call));
    }
  });
});

describe("mutations with a foreign id say NOT_FOUND and write nothing [MT-03][S77]", () => {
  test.each(calls(OperationTypeNode.MUTATION).map((call) => [call.title, call] as const))(
    "%s",
    async (_title, call) => {
      const foreign = victim.ids[call.probed.kind] ?? "";
      const random = ids.next(call.probed.kind);
      const before = await settledRows();
      const hers = await attacker.owner.client.send(call.document, call.variables(foreign, own));
      const nobodys = await attacker.owner.client.send(call.document, call.variables(random, own));
      expect(shape(hers, foreign)).toEqual(shape(nobodys, random));
      expect(codesOf(hers.data)).toContain(refusalOf(call));
      expect(await countRows()).toEqual(before);
    },
  );
});

/** Row counts once the consumers have nothing left to do. */
async function settledRows(): Promise<Record<string, number>> {
  let last = "";
  return waitFor(
    async () => {
      const counts = await countRows();
      const text = JSON.stringify(counts);
      const settled = text === last;
      last = text;
      return settled && counts;
    },
    { what: "quiet tables", intervalMs: 300 },
  );
}

describe("subscriptions with a foreign id are refused as with a random one [MT-03]", () => {
  test.each(calls(OperationTypeNode.SUBSCRIPTION).map((call) => [call.title, call] as const))(
    "%s",
    async (_title, call) => {
      const live = createLiveClient({ url: stack.socketUrl, token: attacker.owner.accessToken });
      try {
        const refusals = [];
        for (const id of [victim.ids[call.probed.kind] ?? "", ids.next(call.probed.kind)]) {
          const stream = await live.subscribe(call.document, call.variables(id, own));
          await waitFor(() => stream.ended !== undefined, { what: "the refusal" });
          expect(stream.messages).toEqual([]);
          const errors = stream.ended?.error as GraphQLFormattedError[];
          refusals.push(shape({ errors }, id));
        }
        expect(refusals[0]).toEqual(refusals[1]);
        expect(codesOf(refusals[0])).toContain("NOT_FOUND");
      } finally {
        await live.close();
      }
    },
  );
});

describe("entities resolved for another tenant answer as for a random id [MT-03][CA-07]", () => {
  const subgraphs = subgraphDatabases().flatMap((name) =>
    resolvableEntities(parse(readFileSync(`schema/${name}.graphql`, "utf8"))).map((entity) => [name, entity] as const),
  );
  test.each(subgraphs.map(([name, entity]) => [name, entity.type, entity] as const))(
    "%s: %s",
    async (name, _type, entity) => {
      if (entity.kind === "pln") return expect(victim.ids["pln"]).toMatch(/^pln_/);
      const signer = createIdentitySigner([stack.identitySecret], systemClock);
      const { userId, sessionId } = attacker.owner;
      const permissions =
        "organization.read organization.manage members.read members.manage billing.read billing.manage audit.read";
      const grants = { [attacker.ids["org"] ?? ""]: permissions.split(" ") };
      const header = await signer.sign(name, userWith({ userId, sessionId, grants }), {});
      const ask = async (id: string) => {
        const response = await fetch(`${stack.processOf(name).url}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json", [IDENTITY_HEADER]: header },
          body: JSON.stringify({
            query: `query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on ${entity.type} { ${entity.fields} } } }`,
            variables: { r: [{ __typename: entity.type, id }] },
          }),
        });
        return shape(await response.json(), id);
      };
      const foreign = victim.ids[entity.kind] ?? "";
      const theirs = await ask(foreign);
      expect(theirs).toEqual(await ask(ids.next(entity.kind)));
      // Dead letters and jobs' runs are nobody's own.
      if (entity.type === "DeadLetter" || entity.type === "JobRun") return;
      // The attacker's own object of that kind does answer: the test asks the right question.
      expect(JSON.stringify(await ask(own(entity.kind)))).not.toBe(JSON.stringify(theirs));
    },
  );
});
