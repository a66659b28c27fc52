// Somebody sends the number of a card in every place where a client gives a value: it is in no database, no event and
// no log afterwards. Places are made up from the schema.
import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { buildSchema, OperationTypeNode } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { createIdSource } from "../../platform/ids.ts";
import { type ArgumentPlace, argumentPlaces } from "../support/hostile/argument-places.ts";
import { literalOf } from "../support/hostile/values.ts";
import { newTenant, type Tenant } from "../support/isolation/tenant.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";

const apiSchema = buildSchema(readFileSync("schema/generated/api.graphql", "utf8"));
const places = argumentPlaces(apiSchema, OperationTypeNode.MUTATION);
const ids = createIdSource(systemClock);

/** A test card, which nobody owns. */
const NUMBER = "5454545454545454";
const SPELLINGS = [NUMBER, "5454 5454 5454 5454", "My card: 5454-5454-5454-5454, please"];
/** However it is spelt; as a superuser reads a row or a line. */
const SPELT = "5454[ .-]?5454[ .-]?5454[ .-]?5454";

const CREATE_KEY = "mutation($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { apiKey { id } } }";

let stack: Stack;
let tenant: Tenant;
/** Of the caller; but no session, which a mutation would end. */
const own = (kind: string): string => (kind === "ses" ? ids.next("ses") : (tenant.ids[kind] ?? ids.next(kind)));

beforeAll(async () => {
  stack = await startStack("embedded", { settings: { RATE_LIMIT_POINTS: "1000000" } });
  tenant = await newTenant(stack, "Careless Works");
});
afterAll(async () => {
  await tenant?.close();
  await stack?.stop();
});

async function tell(place: ArgumentPlace): Promise<void> {
  const { client } = tenant.owner;
  for (const spelling of SPELLINGS) await client.send(place.document, place.variables(spelling, own));
  const literal = literalOf(place.argument(NUMBER, own));
  if (literal === undefined) return;
  const { document, variables } = place.literal(literal);
  await client.send(document, variables);
}

/** The values are good, and the program that sends them tells of a card. */
async function makeKey(headers: Record<string, string>): Promise<void> {
  const input = { organizationId: own("org"), name: "Key", scopes: ["billing.read"], idempotencyKey: ids.next("key") };
  const { data } = await tenant.owner.client.send(CREATE_KEY, { input }, headers);
  expect(data).toMatchObject({ apiKeyCreate: { apiKey: { id: expect.any(String) } } });
}

/** Tables of a database in which a row holds it, whatever the column. */
async function tablesWith(database: string): Promise<string[]> {
  const tables = await rowsOf<{ name: string }>(
    stack,
    database,
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  expect(tables.length).toBeGreaterThan(0);
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await rowsOf(stack, database, `SELECT FROM ${name} AS row WHERE row::text ~ $1 LIMIT 1`, [SPELT]);
    if (rows.length > 0) found.push(`${database}: ${name}`);
  }
  return found;
}

async function linesWith(file: string): Promise<string[]> {
  const found: string[] = [];
  const pattern = new RegExp(SPELT);
  for await (const line of createInterface({ input: createReadStream(file) })) if (pattern.test(line)) found.push(line);
  return found;
}

test("a card number sent in whatever argument reaches no database, no event and no log [S92]", {
  timeout: 240_000,
}, async () => {
  expect(places.length).toBeGreaterThan(80);
  for (const place of places) await tell(place);
  await makeKey({ "user-agent": `Card ${NUMBER}`, "apollographql-client-name": NUMBER });

  const databases = [...stack.subgraphs, "events"];
  expect((await Promise.all(databases.map(tablesWith))).flat()).toEqual([]);
  expect(await linesWith(stack.processOf("gateway").current().logFile)).toEqual([]);
});

test("the refusal says which argument it was, and that nothing was done [S92]", async () => {
  const input = { organizationId: own("org"), name: `Key ${NUMBER}`, scopes: ["billing.read"] };
  const keyed = { ...input, idempotencyKey: ids.next("key") };
  const { data, errors } = await tenant.owner.client.send(CREATE_KEY, { input: keyed });
  expect(data?.["apiKeyCreate"] ?? null).toBeNull();
  expect(errors).toMatchObject([
    {
      message: expect.stringContaining("card number"),
      extensions: { code: "BAD_USER_INPUT", field: ["input", "name"] },
    },
  ]);
});
