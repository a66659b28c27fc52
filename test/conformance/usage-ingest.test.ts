// S14: programs record use by plain HTTP at the gateway, in one process and in many: what is counted is created with
// its event, what is late is accepted, what is repeated changes nothing.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLiveClient, type LiveClient } from "../support/client/live-client.ts";
import {
  type Account,
  attachCard,
  type Member,
  newMember,
  newOrganization,
  startPlan,
} from "../support/client/new-member.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const METER = "events_per_month";
/** Of the plan `starter`. */
const LIMIT = 50_000;
const DAY_MS = 86_400_000;
const NEWS = `subscription($org: ID!) { billingEvents(organizationId: $org, types: ["billing.entitlement.changed.v1"]) {
  event { ... on EntitlementChanged { reachedPercent entitlements { key used limit } organization { id } } } } }`;

interface Answer {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
  readonly headers: Headers;
}

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;
  let owner: Member;
  let account: Account;
  let live: LiveClient;
  let key: string;

  beforeAll(async () => {
    stack = await startStack(topology);
    owner = await newMember(stack, "Uma Usage");
    account = await newOrganization(owner);
    await attachCard(owner, account);
    await startPlan(owner, account);
    live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
    key = await newKey(["usage.write"]);
  });
  afterAll(async () => {
    await live?.close();
    await stack?.stop();
  });

  async function newKey(scopes: readonly string[]): Promise<string> {
    const input = { organizationId: account.organizationId, name: "Meter", scopes, idempotencyKey: randomUUID() };
    const { secret } = await owner.client.mutate<{ secret: string }>("apiKeyCreate", input, "secret");
    return secret;
  }

  async function post(body: unknown, headers: Readonly<Record<string, string>> = {}, name = "usage"): Promise<Answer> {
    const response = await fetch(`${stack.url}/ingest/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}`, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  }

  const record = (quantity: unknown = 10, more: object = {}) => ({
    ...{ meter: METER, quantity, idempotencyKey: randomUUID() },
    ...more,
  });
  const errorOf = ({ body }: Answer) => body.errors[0].extensions;

  const committedEvents = () =>
    rowsOf<{ envelope: string }>(
      stack,
      "billing",
      "SELECT envelope FROM outbox WHERE tenant_id = $1 AND envelope LIKE '%billing.usage.recorded.v1%' ORDER BY position",
      [account.organizationId],
    );

  async function used(): Promise<string> {
    const { organization } = await owner.client.request<{ organization: { entitlement: { used: string } } }>(
      `query($id: ID!) { organization(id: $id) { entitlement(key: "${METER}") { used } } }`,
      { id: account.organizationId },
    );
    return organization.entitlement.used;
  }

  test("a new record is created with its event already committed; a repeat is answered as it was [S14]", async () => {
    const one = record(10);
    const created = await post(one);
    const events = await committedEvents();
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      record: { meter: METER, quantity: "10", status: "COUNTED" },
      entitlement: { key: METER, granted: true, limit: String(LIMIT), used: "10" },
      replayed: false,
    });
    expect(created.headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
    // Calls are counted as everywhere at the gateway.
    expect(Number(created.headers.get("ratelimit-remaining"))).toBeGreaterThan(0);
    expect(events.map(({ envelope }) => JSON.parse(envelope))).toMatchObject([
      { subject: created.body.record.id, actorkind: "SERVICE", data: { quantity: "10", used: "10" } },
    ]);
    expect(await used()).toBe("10");

    const repeated = await post(one);
    expect(repeated.status).toBe(200);
    expect(repeated.body).toEqual({ ...created.body, replayed: true });
    const other = await post({ ...one, quantity: 11 });
    expect([other.status, errorOf(other).code]).toEqual([422, "IDEMPOTENCY_MISMATCH"]);
    // The mutation shares the keys.
    const input = { organizationId: account.organizationId, ...one, quantity: "10" };
    const selection = "status entitlement { used }";
    expect(await owner.client.mutate("usageRecord", input, selection)).toMatchObject({ entitlement: { used: "10" } });
    expect(await used()).toBe("10");
    expect(await committedEvents()).toHaveLength(1);
  });

  test("a late record is accepted, and counted by a job with an event in the key's name [S14]", async () => {
    const before = await used();
    const accepted = await post(record(3, { at: new Date(Date.now() - DAY_MS).toISOString() }));
    expect(accepted.status).toBe(202);
    expect(accepted.body).toMatchObject({ record: { status: "ACCEPTED" }, replayed: false });
    const [event] = await waitFor(
      async () => {
        const events = (await committedEvents()).map(({ envelope }) => JSON.parse(envelope));
        const late = events.filter(({ data }) => data.late);
        return late.length > 0 && late;
      },
      { what: "the count of the late record" },
    );
    expect(event).toMatchObject({ subject: accepted.body.record.id, actorkind: "SERVICE", data: { used: "3" } });
    expect(await used()).toBe(before);
  });

  test("of a list each record fares for itself, in its order; one that is malformed has none of it counted", async () => {
    const before = await used();
    const broken = await post([record(), record("many")]);
    expect(broken.status).toBe(400);
    expect(errorOf(broken)).toMatchObject({ code: "INVALID", status: 400, field: ["1", "quantity"] });
    const unknown = await post([record(), record(1, { meter: "seats" })]);
    expect([unknown.status, errorOf(unknown).field]).toEqual([404, ["1", "meter"]]);
    expect(await used()).toBe(before);

    const late = record(1, { at: new Date(Date.now() - DAY_MS).toISOString() });
    const mixed = await post([record(1), late, record(LIMIT + 1), record(2)]);
    expect(mixed.status).toBe(207);
    expect(mixed.body.results.map(({ status }: { status: number }) => status)).toEqual([201, 202, 422, 201]);
    expect(mixed.body.results[2].errors[0].extensions).toMatchObject({
      code: "LIMIT_REACHED",
      field: ["2", "quantity"],
    });
    expect(BigInt(await used())).toBe(BigInt(before) + 3n);
    const many = Array.from({ length: 500 }, () => record(1));
    expect((await post(many)).status).toBe(201);
    const again = await post(many);
    expect([again.status, again.body.results.length]).toEqual([200, 500]);
    expect(BigInt(await used())).toBe(BigInt(before) + 503n);
  });

  test("whoever may not, and whatever cannot be read, is refused with a code and the place [S14]", async () => {
    const anonymous = await fetch(`${stack.url}/ingest/usage`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(record()),
    });
    expect([anonymous.status, anonymous.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(await anonymous.json()).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
    const unknownKey = await post(record(), { authorization: `Bearer trk_${"A".repeat(64)}` });
    expect([unknownKey.status, errorOf(unknownKey).code]).toEqual([401, "UNAUTHENTICATED"]);
    const scoped = await newKey(["billing.read"]);
    const unscoped = await post(record(), { authorization: `Bearer ${scoped}` });
    expect([unscoped.status, errorOf(unscoped).code]).toEqual([403, "FORBIDDEN"]);
    const person = await post(record(), { authorization: `Bearer ${owner.accessToken}` });
    expect([person.status, errorOf(person).code]).toEqual([403, "FORBIDDEN"]);

    const cases: [unknown, number, string, string[]?][] = [
      [record(0), 400, "INVALID", ["quantity"]],
      [record(1.5), 400, "INVALID", ["quantity"]],
      [record(1, { at: "yesterday" }), 400, "INVALID", ["at"]],
      [record(1, { at: new Date(Date.now() + DAY_MS).toISOString() }), 400, "INVALID", ["at"]],
      [record(1, { idempotencyKey: "short" }), 400, "INVALID", ["idempotencyKey"]],
      [record(1, { meter: "nonsense" }), 404, "NOT_FOUND", ["meter"]],
      [record(1, { idempotencyKey: "4242 4242 4242 4242" }), 400, "BAD_USER_INPUT", ["idempotencyKey"]],
      [record(LIMIT + 1), 422, "LIMIT_REACHED", ["quantity"]],
      [[], 400, "INVALID"],
      ["{", 400, "BAD_REQUEST"],
    ];
    for (const [body, status, code, field] of cases) {
      const answer = await post(body);
      const named = field === undefined ? {} : { field };
      expect([body, answer.status, errorOf(answer)]).toEqual([
        body,
        status,
        expect.objectContaining({ code, status, ...named }),
      ]);
    }
    expect((await post(record(), { "content-type": "text/plain" })).status).toBe(415);
    expect((await post(JSON.stringify(record(1, { pad: "x".repeat(300_000) })))).status).toBe(413);
    const elsewhere = await post(record(), {}, "nothing");
    expect([elsewhere.status, errorOf(elsewhere).code]).toEqual([404, "NOT_FOUND"]);
  });

  test("use that comes to half of the limit is told live, and beyond the limit is refused [S14] [S91]", async () => {
    const { organizationId } = account;
    const stream = await live.subscribe<{ billingEvents: { event: object } }>(NEWS, { org: organizationId });
    const left = BigInt(LIMIT) - BigInt(await used());
    expect((await post(record(String(left / 2n + 1_000n)))).status).toBe(201);
    await waitFor(() => stream.messages.length > 0, { what: "the news" });
    expect(stream.messages[0]?.data?.billingEvents.event).toMatchObject({
      reachedPercent: 50,
      entitlements: [{ key: METER, limit: String(LIMIT) }],
      organization: { id: organizationId },
    });
    const rest = BigInt(LIMIT) - BigInt(await used());
    expect((await post(record(String(rest + 1n)))).status).toBe(422);
    expect((await post(record(String(rest)))).status).toBe(201);
    expect((await post(record(1))).status).toBe(422);
    stream.stop();
  });
});
