// Whatever a client sends as an argument, it gets data or an error with a code, never an internal one; and nothing of
// it is committed without its audit entry. Places and values are made up from the schema.
import { readFileSync } from "node:fs";
import { Agent, request as sendRequest } from "node:http";
import fc from "fast-check";
import { buildSchema, OperationTypeNode } from "graphql";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { systemClock } from "../../platform/clock.ts";
import { createIdSource } from "../../platform/ids.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import { type ArgumentPlace, argumentPlaces } from "../support/hostile/argument-places.ts";
import { DEEP_JSON, hostileValue, KNOWN_EVILS, literalOf } from "../support/hostile/values.ts";
import { newTenant, type Tenant } from "../support/isolation/tenant.ts";
import { REPEATED_RUN } from "../support/random-of-test.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";
import { sizeOf } from "../tiers.ts";

const apiSchema = buildSchema(readFileSync("schema/generated/api.graphql", "utf8"));
const places = [OperationTypeNode.QUERY, OperationTypeNode.MUTATION].flatMap((operation) =>
  argumentPlaces(apiSchema, operation),
);
const livePlaces = argumentPlaces(apiSchema, OperationTypeNode.SUBSCRIPTION);
const ids = createIdSource(systemClock);

const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.object({ code: z.string(), status: z.number().optional() }) }))
    .optional(),
});

let stack: Stack;
let tenant: Tenant;
/** Of the caller; but no session, which a mutation would end. */
const own = (kind: string): string => (kind === "ses" ? ids.next("ses") : (tenant.ids[kind] ?? ids.next(kind)));

beforeAll(async () => {
  stack = await startStack("embedded");
  tenant = await newTenant(stack, "Hostile Works");
});
afterAll(async () => {
  await tenant?.close();
  await stack?.stop();
});

const agent = new Agent({ keepAlive: true, maxSockets: 4 });
let callers = 0;

interface Sent {
  readonly status: number;
  readonly text: string;
}

/** From a network address of its own, or how often callers ask would be all that is found out. */
function send(body: string, headers: Record<string, string> = {}): Promise<Sent> {
  callers += 1;
  const localAddress = `127.${1 + ((callers >> 12) % 250)}.${(callers >> 6) % 64}.${1 + (callers % 64)}`;
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest(`${stack.url}/graphql`, {
      method: "POST",
      localAddress,
      agent,
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${tenant.owner.accessToken}`,
        ...headers,
      },
    });
    outgoing.on("response", (incoming) => {
      let text = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (chunk: string) => {
        text += chunk;
      });
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, text }));
    });
    outgoing.on("error", reject);
    // A text would have the headers written in its encoding, too.
    outgoing.end(Buffer.from(body));
  });
}

/** A machine that is busy with other tests may have no place for a request, and says so. */
function inTime(attempt: () => Promise<Sent>): Promise<Sent> {
  return waitFor(
    async () => {
      const sent = await attempt();
      return sent.text.includes('"SERVICE_UNAVAILABLE"') ? undefined : sent;
    },
    { what: "a place for the request", deadlineMs: 60_000 },
  );
}

/** Codes of the errors. */
async function codesOf(body: unknown): Promise<string[]> {
  const { status, text } = await inTime(() => send(JSON.stringify(body)));
  expect(status, text).toBeLessThan(500);
  const { data, errors = [] } = answerSchema.parse(JSON.parse(text));
  expect(data !== undefined || errors.length > 0, text).toBe(true);
  for (const { extensions } of errors) expect(extensions.status ?? 400, text).toBeLessThan(500);
  return errors.map(({ extensions }) => extensions.code);
}

/** Would it end the caller's own session? */
const endsSession = ({ field }: ArgumentPlace, value: unknown): boolean =>
  field === "sessionRevoke" && typeof value !== "string";

async function tell(place: ArgumentPlace, value: unknown, written = false): Promise<string[]> {
  if (endsSession(place, value)) return [];
  const variables = place.variables(value, own);
  const literal = written ? literalOf(place.argument(value, own)) : undefined;
  if (literal === undefined) return codesOf({ query: place.document, variables });
  const { document } = place.literal(literal);
  return codesOf({ query: document, variables });
}

test("the places of all arguments are found, also those below lists and inputs", () => {
  const titles = [...places, ...livePlaces].map(({ title }) => title);
  expect(titles.length).toBeGreaterThan(80);
  for (const title of [
    "Query.node(id)",
    "Mutation.invitationCreate(input.roleIds.0)",
    "Organization.auditLog(filter.from)",
    "Viewer.sessions(after)",
    "Subscription.billingEvents(types.0)",
  ]) {
    expect(titles).toContain(title);
  }
});

test("a malformed value is refused with 400 and its field, however it was sent [S16]", async () => {
  const register = 'userRegister(input: { email: $e, password: "correct horse battery", displayName: "Ada" })';
  const payload = "{ accepted userErrors { code } }";
  const whole = `mutation($i: UserRegisterInput!) { userRegister(input: $i) ${payload} }`;
  const organization = `organization(id: "${own("org")}")`;
  const input = { email: "no address", password: "correct horse battery", displayName: "Ada" };
  const malformed: readonly [body: object, code: string, field: readonly string[]][] = [
    [{ query: whole, variables: { i: input } }, "BAD_USER_INPUT", ["input", "email"]],
    [
      { query: whole, variables: { i: { ...input, email: "a@b.cd", displayName: 1 } } },
      "BAD_USER_INPUT",
      ["input", "displayName"],
    ],
    [
      { query: `mutation($e: EmailAddress!) { ${register} ${payload} }`, variables: { e: "no address" } },
      "BAD_USER_INPUT",
      ["input", "email"],
    ],
    [
      { query: `mutation { ${register.replace("$e", '"no address"')} ${payload} }` },
      "GRAPHQL_VALIDATION_FAILED",
      ["input", "email"],
    ],
    [
      {
        query: `query($f: AuditFilter) { ${organization} { auditLog(first: 1, filter: $f) { totalCount } } }`,
        variables: { f: { from: "0000-01-01T00:00:00Z" } },
      },
      "BAD_USER_INPUT",
      ["filter", "from"],
    ],
    [{ query: `{ ${organization} { members(first: 101) { totalCount } } }` }, "BAD_USER_INPUT", ["first"]],
  ];
  for (const [body, code, field] of malformed) {
    const { status, text } = await send(JSON.stringify(body));
    expect([status, JSON.parse(text).errors], text).toMatchObject([
      400,
      [{ extensions: { code, status: 400, field } }],
    ]);
  }
  const { text } = await send(
    JSON.stringify({ query: `{ ${organization} { members(first: 1, after: "x") { totalCount } } }` }),
  );
  expect(JSON.parse(text).errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field: ["after"] } }]);
});

test("known evils in every argument are answered with data or a coded error [S16][S21]", async () => {
  const codes = new Map<string, number>();
  for (const place of places) {
    for (const value of KNOWN_EVILS) {
      for (const code of await tell(place, value)) codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    await tell(place, DEEP_JSON, true);
  }
  // Otherwise nothing was looked at.
  expect(codes.get("BAD_USER_INPUT")).toBeGreaterThan(50);
  expect([...codes.keys()]).not.toContain("UNAUTHENTICATED");
  expect([...codes.keys()]).not.toContain("RATE_LIMITED");
});

test("arbitrary text and arbitrary JSON in any argument is answered with data or a coded error [S16][S21]", async () => {
  const call = fc.record({
    place: fc.constantFrom(...places),
    value: hostileValue(Object.values(tenant.ids)),
    written: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(call, async ({ place, value, written }) => {
      await tell(place, value, written);
    }),
    { numRuns: sizeOf("hostileCalls"), endOnFailure: true, ...(REPEATED_RUN ?? {}) },
  );
});

test("arbitrary text and arbitrary JSON as a request is answered with data or a coded error [S16]", async () => {
  const any = hostileValue(Object.values(tenant.ids));
  const persisted = fc.record({ version: any, sha256Hash: any }, { requiredKeys: [] });
  const extensions = fc.oneof(any, fc.record({ persistedQuery: persisted }));
  const request = { query: any, variables: any, operationName: any, documentId: any, extensions };
  const body = fc
    .record(request, { requiredKeys: [] })
    .map((members) => ({ query: "query Asked { __typename }", ...members }));
  await fc.assert(
    fc.asyncProperty(body, async (members) => {
      await codesOf(members);
    }),
    { numRuns: sizeOf("hostileCalls") / 4, endOnFailure: true, ...(REPEATED_RUN ?? {}) },
  );
});

test("arbitrary headers of a client are kept out of what is stored [S21]", async () => {
  const latin1 = Array.from({ length: 224 }, (_, index) => String.fromCharCode(32 + index))
    .filter((character) => character !== "\u007f")
    .join("");
  const headers = {
    "user-agent": latin1,
    traceparent: latin1,
    "x-trace-id": latin1,
    "x-forwarded-for": latin1,
    "apollographql-client-name": latin1,
    "apollographql-client-version": latin1,
    "idempotency-key": latin1,
  };
  const query = `mutation($i: OrganizationUpdateInput!) { organizationUpdate(input: $i) { organization { id } userErrors { code } } }`;
  const current = await tenant.owner.client.request<{ organization: { version: number } }>(
    "query($id: ID!) { organization(id: $id) { version } }",
    { id: own("org") },
  );
  const i = { id: own("org"), name: "Renamed Works", expectedVersion: current.organization.version };
  const { status, text } = await send(JSON.stringify({ query, variables: { i } }), headers);
  expect([status, JSON.parse(text).data.organizationUpdate.userErrors]).toEqual([200, []]);
  const { rows } = await inDatabase("user", (client) =>
    client.query("SELECT envelope FROM outbox WHERE tenant_id = $1 ORDER BY position DESC LIMIT 1", [own("org")]),
  );
  expect(JSON.parse(rows[0].envelope).useragent).toMatch(/^!"#[^\p{Cc}\u00AD]*ÿ$/u);
});

test("hostile arguments of subscriptions are refused with a code, or followed [S16]", async () => {
  const live = createLiveClient({ url: stack.socketUrl, token: tenant.owner.accessToken });
  try {
    for (const place of livePlaces) {
      for (const value of KNOWN_EVILS) {
        const stream = await live.subscribe(place.document, place.variables(value, own));
        await waitFor(() => stream.ended !== undefined || stream.cursor() !== undefined || stream.messages.length > 0, {
          what: `an answer to ${place.title} ${JSON.stringify(value)}`,
        });
        const refusal = JSON.stringify(stream.ended?.error ?? null);
        expect(refusal, place.title).not.toMatch(/INTERNAL_SERVER_ERROR|"status":5/);
        if (stream.ended !== undefined) expect(refusal, place.title).toMatch(/"code":"[A-Z_]+"/);
        stream.stop();
      }
    }
  } finally {
    await live.close();
  }
});

test("nothing of all that was committed without its audit entry [S55]", async () => {
  expect((await fetch(`${stack.url}/ready`)).status).toBe(200);
  await waitFor(
    async () => {
      const emitted = await Promise.all(
        ["user", "billing"].map((name) =>
          inDatabase(name, async (client) => (await client.query("SELECT event_id AS id FROM outbox")).rows),
        ),
      );
      const recorded = await inDatabase("audit", async (client) =>
        (await client.query("SELECT event_id AS id FROM audit_entry")).rows.map(({ id }) => id),
      );
      const known = new Set(recorded);
      return emitted.flat().every(({ id }) => known.has(id));
    },
    { what: "an audit entry for every event" },
  );
});

async function inDatabase<Result>(name: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: stack.databaseOf(name) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
