// API keys: what programs call with. They do what they were given, as far as their giver may, and end when told to.
import { randomUUID } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import { MAX_API_KEYS } from "../../../../subgraphs/user/domain/api-key.ts";
import { type Person, refusalsOf, startUser, type UserFixture } from "./user-fixture.ts";

const HOUR_MS = 3_600_000;

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const as = (...of: Parameters<UserFixture["mutateAs"]>) => fixture.mutateAs(...of);
const KEY = "apiKey { id name scopes status hint expiresAt revokedAt lastUsedAt version grantedBy { id } }";
const create = (person: Person, organizationId: string, more: object = {}) =>
  as(
    person,
    "apiKeyCreate",
    { organizationId, name: "Export", scopes: ["billing.read", "organization.read"], ...more },
    `${KEY} secret`,
  );
const rotate = (person: Person, input: object) => as(person, "apiKeyRotate", input, `${KEY} secret`);
const revoke = (person: Person, id: string) => as(person, "apiKeyRevoke", { id }, KEY);
const factsOf = (secret: string) => fixture.subgraph.tokenService.apiKey(secret);
const keyEvents = async (organizationId: string) =>
  (await fixture.eventsOf(organizationId)).filter(({ type }) => type.startsWith("user.api_key."));

async function world() {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  const organizationId = await fixture.organization(ada);
  const bobs = await fixture.join(ada, organizationId, bob);
  const roles = await fixture.roles(ada, organizationId);
  const give = (roleIds: string[]) => as(ada, "membershipUpdate", { id: bobs, roleIds }, "membership { id }");
  return { ada, bob, bobs, organizationId, roles, give };
}

test("a key is told once, kept as a hash, listed without its secret, and its event tells none", async () => {
  const { ada, organizationId } = await world();
  const { apiKey, secret } = await create(ada, organizationId);
  expect(secret).toMatch(/^trk_[A-Za-z0-9_-]{64}$/);
  expect(apiKey).toEqual({
    ...{ id: expect.stringMatching(/^key_/), name: "Export", scopes: ["organization.read", "billing.read"] },
    ...{ status: "ACTIVE", hint: secret.slice(-4), expiresAt: null, revokedAt: null, lastUsedAt: null, version: 1 },
    grantedBy: { id: ada.userId },
  });
  const query = "query($id: ID!) { organization(id: $id) { apiKeys(first: 5) { totalCount edges { node { id } } } } }";
  const { data } = await fixture.ask(await fixture.identityOf(ada), query, { id: organizationId });
  expect(data.organization.apiKeys).toEqual({ totalCount: 1, edges: [{ node: { id: apiKey.id } }] });
  expect(await keyEvents(organizationId)).toMatchObject([
    {
      type: "user.api_key.created.v1",
      data: { apiKeyId: apiKey.id, name: "Export", scopes: ["organization.read", "billing.read"], expiresAt: null },
    },
  ]);
  const stored = await fixture.admin.query("SELECT row_to_json(s)::text AS row FROM api_key_secret s");
  const outbox = await fixture.admin.query("SELECT envelope AS row FROM outbox");
  for (const { row } of [...stored.rows, ...outbox.rows]) expect(row).not.toContain(secret);
});

test("the same idempotency key makes one key, and does not tell its secret again", async () => {
  const { ada, organizationId } = await world();
  const idempotencyKey = randomUUID();
  const first = await create(ada, organizationId, { idempotencyKey });
  const again = await create(ada, organizationId, { idempotencyKey });
  expect(again.apiKey.id).toBe(first.apiKey.id);
  expect([first.secret === null, again.secret]).toEqual([false, null]);
  expect(refusalsOf(await create(ada, organizationId, { idempotencyKey, name: "Other" }))).toEqual([
    "IDEMPOTENCY_MISMATCH idempotencyKey",
  ]);
  expect(await keyEvents(organizationId)).toHaveLength(1);
});

test("what cannot be a key is refused by name, and what nobody may give is not given", async () => {
  const { ada, bob, organizationId, roles, give } = await world();
  expect(refusalsOf(await create(ada, organizationId, { name: "" }))).toEqual(["BLANK name"]);
  expect(refusalsOf(await create(ada, organizationId, { name: "x".repeat(81) }))).toEqual(["TOO_LONG name"]);
  expect(refusalsOf(await create(ada, organizationId, { scopes: [] }))).toEqual(["BLANK scopes"]);
  expect(refusalsOf(await create(ada, organizationId, { scopes: ["billing.rob"] }))).toEqual(["INVALID scopes"]);
  const past = new Date(fixture.clock.now().getTime() - 1_000).toISOString();
  expect(refusalsOf(await create(ada, organizationId, { expiresAt: past }))).toEqual(["INVALID expiresAt"]);
  expect(refusalsOf(await create(bob, organizationId))).toEqual(["FORBIDDEN undefined"]);
  expect(refusalsOf(await create(await fixture.person(), organizationId))).toEqual(["NOT_FOUND organizationId"]);
  await give([roles.ADMIN]);
  expect(refusalsOf(await create(bob, organizationId, { scopes: ["billing.manage"] }))).toEqual(["FORBIDDEN scopes"]);
  expect(refusalsOf(await create(bob, organizationId, { scopes: ["billing.read"] }))).toEqual([]);
  const { apiKey } = await create(ada, organizationId, { scopes: ["billing.manage"] });
  expect(refusalsOf(await rotate(bob, { id: apiKey.id }))).toEqual(["FORBIDDEN id"]);
  for (const overlapHours of [-1, 169]) {
    expect(refusalsOf(await rotate(ada, { id: apiKey.id, overlapHours }))).toEqual(["INVALID overlapHours"]);
  }
  expect(refusalsOf(await rotate(ada, { id: fixture.ids.next("key") }))).toEqual(["NOT_FOUND id"]);
  expect(refusalsOf(await revoke(await fixture.person(), apiKey.id))).toEqual(["NOT_FOUND id"]);
});

describe("what stands behind a key", () => {
  test("is what it was given, as far as its giver may do so now [S5]", async () => {
    const { ada, bob, bobs, organizationId, roles, give } = await world();
    await give([roles.ADMIN]);
    const { apiKey, secret } = await create(bob, organizationId, { scopes: ["members.manage", "billing.read"] });
    expect(await factsOf(secret)).toEqual({
      ...{ keyId: apiKey.id, organizationId, grantedBy: bob.userId, expiresAt: null },
      permissions: ["members.manage", "billing.read"],
    });
    await give([roles.MEMBER]);
    expect((await factsOf(secret))?.permissions).toEqual(["billing.read"]);
    await as(ada, "membershipRemove", { id: bobs }, "removedId");
    expect(await factsOf(secret)).toBeNull();
  });

  test("is nothing for a key that is revoked, for good and once, or whose giver is suspended", async () => {
    const { ada, organizationId } = await world();
    const { apiKey, secret } = await create(ada, organizationId);
    const suspend = (status: string) =>
      fixture.admin.query('UPDATE "user" SET status = $1 WHERE id = $2', [status, ada.userId]);
    await suspend("SUSPENDED");
    expect(await factsOf(secret)).toBeNull();
    await suspend("ACTIVE");
    expect(await factsOf(secret)).not.toBeNull();
    expect((await revoke(ada, apiKey.id)).apiKey).toMatchObject({ status: "REVOKED", version: 2 });
    expect((await revoke(ada, apiKey.id)).apiKey).toMatchObject({ status: "REVOKED", version: 2 });
    expect(await factsOf(secret)).toBeNull();
    expect(refusalsOf(await rotate(ada, { id: apiKey.id }))).toEqual(["STATE_INVALID id"]);
    expect((await keyEvents(organizationId)).map(({ type }) => type)).toEqual([
      "user.api_key.created.v1",
      "user.api_key.revoked.v1",
    ]);
  });

  test("is nothing for what is no key: another kind of token, another organisation's, a changed one", async () => {
    const { ada, organizationId } = await world();
    const { secret } = await create(ada, organizationId);
    const last = secret.at(-1) === "A" ? "B" : "A";
    for (const wrong of ["", "trk_", secret.slice(0, -1) + last, secret.replace("trk", "tri"), ada.refreshToken]) {
      expect(await factsOf(wrong), wrong).toBeNull();
    }
  });

  test("goes on through a rotation until the overlap is over; then the new secret alone is good", async () => {
    const { ada, organizationId } = await world();
    const { apiKey, secret: first } = await create(ada, organizationId);
    const { apiKey: rotated, secret: second } = await rotate(ada, { id: apiKey.id, overlapHours: 2 });
    expect(rotated).toMatchObject({ id: apiKey.id, version: 2, hint: second.slice(-4) });
    const end = (await factsOf(first))?.expiresAt?.getTime() ?? 0;
    expect(Math.abs(end - fixture.clock.now().getTime() - 2 * HOUR_MS)).toBeLessThan(60_000);
    expect((await factsOf(second))?.expiresAt).toBeNull();
    fixture.advance(2 * HOUR_MS + 1_000);
    expect(await factsOf(first)).toBeNull();
    const { secret: third } = await rotate(ada, { id: apiKey.id, overlapHours: 0 });
    expect([await factsOf(second), (await factsOf(third))?.keyId]).toEqual([null, apiKey.id]);
  });

  test("ends with the key's time, and is seen to the minute", async () => {
    const { ada, organizationId } = await world();
    const expiresAt = new Date(fixture.clock.now().getTime() + HOUR_MS).toISOString();
    const { apiKey, secret } = await create(ada, organizationId, { expiresAt });
    expect((await factsOf(secret))?.expiresAt?.toISOString()).toBe(expiresAt);
    const { rows } = await fixture.admin.query("SELECT last_used_at FROM api_key WHERE id = $1", [apiKey.id]);
    expect(Math.abs(rows[0].last_used_at.getTime() - fixture.clock.now().getTime())).toBeLessThan(60_000);
    fixture.advance(HOUR_MS + 1_000);
    expect(await factsOf(secret)).toBeNull();
    const { data } = await fixture.ask(
      await fixture.identityOf(ada),
      "query($id: ID!) { node(id: $id) { ... on ApiKey { status } } }",
      { id: apiKey.id },
    );
    expect(data.node).toEqual({ status: "EXPIRED" });
  });
});

describe("an access token for a key (OAuth 2, client credentials)", () => {
  const trade = (clientId: string, clientSecret: string, scope?: readonly string[]) =>
    fixture.subgraph.tokenService.clientToken({ clientId, clientSecret, scope });
  /** What the gateway asks about a token. */
  const factsBehind = (accessToken: string) => {
    const { org, secret } = decodeJwt<{ org: string; secret: string }>(accessToken);
    const organizationId = OrganizationId.require(org);
    return fixture.subgraph.tokenService.client({ organizationId, secretHash: secret });
  };

  test("says which key, secret and scope it is for, and tells neither key nor secret", async () => {
    const { ada, organizationId } = await world();
    const { apiKey, secret } = await create(ada, organizationId);
    const { token } = await trade(apiKey.id, secret, ["billing.read"]);
    expect(token).toMatchObject({ expiresIn: expect.any(Number), scope: ["billing.read"] });
    expect(decodeProtectedHeader(token?.accessToken ?? "")).toMatchObject({ alg: "EdDSA", typ: "at+jwt" });
    expect(decodeJwt(token?.accessToken ?? "")).toMatchObject({
      ...{ sub: apiKey.id, client_id: apiKey.id, org: organizationId, scope: "billing.read" },
    });
    expect(Buffer.from(token?.accessToken.split(".")[1] ?? "", "base64url").toString()).not.toContain(secret);
    const whole = await trade(apiKey.id, secret);
    expect(whole.token?.scope).toEqual(["organization.read", "billing.read"]);
    expect(await factsBehind(token?.accessToken ?? "")).toEqual(await factsOf(secret));
  });

  test("is refused to whoever has no good key, and beyond what the key was given", async () => {
    const { ada, organizationId } = await world();
    const { apiKey, secret } = await create(ada, organizationId);
    const other = await create(ada, organizationId);
    expect(await trade(apiKey.id, other.secret)).toEqual({ refused: "invalid_client" });
    expect(await trade(ada.userId, secret)).toEqual({ refused: "invalid_client" });
    expect(await trade(apiKey.id, ada.refreshToken)).toEqual({ refused: "invalid_client" });
    expect(await trade(apiKey.id, secret, ["billing.read", "audit.read"])).toEqual({ refused: "invalid_scope" });
    expect(await trade(apiKey.id, secret, [""])).toEqual({ refused: "invalid_scope" });
    await revoke(ada, apiKey.id);
    expect(await trade(apiKey.id, secret)).toEqual({ refused: "invalid_client" });
  });

  test("lives no longer than the secret, and ends with it", async () => {
    const { ada, organizationId } = await world();
    const expiresAt = new Date(fixture.clock.now().getTime() + 300_000).toISOString();
    const short = await create(ada, organizationId, { expiresAt });
    expect((await trade(short.apiKey.id, short.secret)).token?.expiresIn).toBeLessThanOrEqual(300);
    const { apiKey, secret } = await create(ada, organizationId);
    const { token } = await trade(apiKey.id, secret);
    const rotated = await rotate(ada, { id: apiKey.id, overlapHours: 0 });
    expect(await factsBehind(token?.accessToken ?? "")).toBeNull();
    const next = await trade(apiKey.id, rotated.secret);
    expect((await factsBehind(next.token?.accessToken ?? ""))?.keyId).toBe(apiKey.id);
  });
});

test("a program reads and commands as far as its key goes, and is nobody: not a viewer, not a person", async () => {
  const { ada, organizationId, roles } = await world();
  const scopes = ["organization.read", "members.manage", "members.read", "billing.read"];
  const { apiKey } = await create(ada, organizationId, { scopes });
  const program = {
    ...{ kind: "API_KEY" as const, keyId: apiKey.id, grantedBy: ada.userId },
    grants: new Map([[organizationId, new Set(scopes)]]),
  };
  const { data } = await fixture.ask(
    program,
    "query($id: ID!) { viewer { user { id } } organization(id: $id) { name members(first: 5) { totalCount } } }",
    { id: organizationId },
  );
  expect(data).toEqual({ viewer: null, organization: { name: "Test Works", members: { totalCount: 2 } } });
  const invitation = { organizationId, email: `x-${randomUUID()}@example.com`, roleIds: [roles.MEMBER] };
  const keyed = { ...invitation, idempotencyKey: randomUUID() };
  const invited = await fixture.mutate(program, "invitationCreate", keyed, "invitation { id invitedBy { id } }");
  expect(invited.invitation.invitedBy).toEqual({ id: ada.userId });
  const again = await fixture.mutate(program, "invitationCreate", keyed, "invitation { id }");
  expect(again.invitation.id).toBe(invited.invitation.id);
  const [event] = (await fixture.eventsOf(organizationId)).filter(({ type }) => type === "user.invitation.created.v1");
  expect(event).toMatchObject({ actorkind: "USER" });
  const created = (await fixture.eventsOf(organizationId)).filter(({ data: { invitationId } }) => {
    return invitationId === invited.invitation.id;
  });
  expect(created).toMatchObject([{ actorkind: "SERVICE", actorid: apiKey.id }]);
  expect(created[0]).not.toHaveProperty("sessionid");

  const rename = { id: organizationId, expectedVersion: 1, name: "Robbed" };
  const refused = await fixture.mutate(program, "organizationUpdate", rename, "organization { id }");
  expect(refused.userErrors[0].code).toBe("FORBIDDEN");
  const denied = (await fixture.eventsOf(organizationId)).filter(({ type }) => type === "user.access.denied.v1");
  expect(denied).toMatchObject([
    { actorkind: "SERVICE", actorid: apiKey.id, data: { userId: ada.userId, apiKeyId: apiKey.id } },
  ]);
  for (const [mutation, input, selection] of [
    ["organizationCreate", { name: "Mine", idempotencyKey: randomUUID() }, "organization { id }"],
    ["apiKeyCreate", { organizationId, name: "Child", scopes: ["billing.read"] }, "apiKey { id }"],
    ["apiKeyRotate", { id: apiKey.id }, "apiKey { id }"],
    ["passwordChange", { current: "x", next: "correct horse battery 2" }, "user { id }"],
    ["sessionRevoke", { all: true }, "revokedIds"],
  ] as const) {
    await expect(fixture.mutate(program, mutation, input, selection), mutation).rejects.toThrow(/"FORBIDDEN"/);
  }
});

test("an organisation has so many keys at most, and a revoked one makes room", async () => {
  const { ada, organizationId } = await world();
  const { apiKey } = await create(ada, organizationId);
  await fixture.admin.query(
    `INSERT INTO api_key (id, organization_id, name, scopes, granted_by_id, hint, created_at)
     SELECT 'key_' || gen_random_uuid(), organization_id, name, scopes, granted_by_id, hint, created_at
     FROM api_key, generate_series(1, $2) WHERE id = $1`,
    [apiKey.id, MAX_API_KEYS - 1],
  );
  expect(refusalsOf(await create(ada, organizationId))).toEqual(["LIMIT_REACHED undefined"]);
  await revoke(ada, apiKey.id);
  expect(refusalsOf(await create(ada, organizationId))).toEqual([]);
});
