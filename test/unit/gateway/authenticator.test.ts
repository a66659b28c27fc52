import { createHmac } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { createAuthenticator } from "../../../gateway/auth/authenticator.ts";
import { revocationOf } from "../../../gateway/auth/revocations.ts";
import type { ApiKeyFacts, SessionFacts, TokenService } from "../../../platform/auth/token-service.ts";
import { createMemoryCache } from "../../../platform/cache/memory-cache.ts";
import type { TailOptions } from "../../../platform/events/event-log.ts";
import { createLogger } from "../../../platform/logger/logger.ts";
import { namedId } from "../../support/identities.ts";

const ISSUER = "https://tributary.test";
const AUDIENCE = "tributary";
const USER_ID = namedId("usr", "ada");
const SESSION_ID = namedId("ses", "phone");
const ORGANIZATION_ID = namedId("org", "works");
const START = Date.parse("2026-11-20T12:00:00Z");
const KEY_ID = namedId("key", "export");
const KEY = `trk_${"k".repeat(64)}`;
const SECRET_HASH = "h".repeat(43);

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pair: Pair;
let stranger: Pair;
beforeAll(async () => {
  [pair, stranger] = await Promise.all([makePair(), makePair()]);
});

const makePair = () => generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });

interface Rig {
  readonly authenticate: (token: string | undefined) => Promise<string>;
  readonly authenticator: ReturnType<typeof createAuthenticator>;
  advance(seconds: number): void;
  readonly calls: { keys: number; sessions: number; apiKeys: number };
  /** Lets the authenticator read this event. */
  announce(type: string, data: object, more?: object): Promise<void>;
  session: SessionFacts | null | Error;
  apiKey: ApiKeyFacts | null | Error;
  keys: "fine" | Error;
  /** What the token service waits for before it answers. */
  before: Promise<void> | undefined;
}

/** A gateway's authenticator over a token service whose answers the test sets. */
async function rig(): Promise<Rig> {
  let now = START;
  const clock = { now: () => new Date(now) };
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "EdDSA" };
  const calls = { keys: 0, sessions: 0, apiKeys: 0 };
  const state: Pick<Rig, "session" | "apiKey" | "keys" | "before"> = {
    session: { userId: USER_ID, sessionId: SESSION_ID, grants: { [ORGANIZATION_ID]: ["billing.read"] } },
    apiKey: {
      ...{ keyId: KEY_ID, organizationId: ORGANIZATION_ID, grantedBy: USER_ID },
      ...{ permissions: ["billing.read"], expiresAt: null },
    },
    keys: "fine",
    before: undefined,
  };
  const tokenService: TokenService = {
    async keys() {
      calls.keys += 1;
      if (state.keys instanceof Error) throw state.keys;
      return { keys: [jwk] };
    },
    async session() {
      calls.sessions += 1;
      const { session, before } = state;
      await before;
      if (session instanceof Error) throw session;
      return session;
    },
    apiKey: answerForKey,
    async clientToken() {
      throw new Error("the authenticator gives no tokens");
    },
    async client({ organizationId, secretHash }) {
      if (organizationId !== ORGANIZATION_ID || secretHash !== SECRET_HASH) return null;
      return answerForKey();
    },
  };
  async function answerForKey() {
    calls.apiKeys += 1;
    const { apiKey, before } = state;
    await before;
    if (apiKey instanceof Error) throw apiKey;
    return apiKey;
  }
  let read: TailOptions["onRecords"] = async () => undefined;
  const eventLog = {
    async tail({ onRecords }: TailOptions) {
      read = onRecords;
      return { stop: async () => undefined };
    },
  };
  const authenticator = createAuthenticator({
    tokenService,
    eventLog,
    issuer: ISSUER,
    audience: AUDIENCE,
    cache: createMemoryCache({ maxEntries: 100, clock }),
    clock,
    logger: createLogger({ name: "test", level: "silent" }),
  });
  return Object.assign(state, {
    authenticator,
    calls,
    async announce(type: string, data: object, more: object = {}) {
      const value = JSON.stringify({ type, subject: "x", data, ...more });
      await read(0, [{ topic: "user.events", partition: 0, offset: 0n, key: "x", value, appendedAt: new Date(now) }]);
    },
    advance(seconds: number) {
      now += seconds * 1000;
    },
    /** The identity as text, or the code of the refusal. */
    authenticate: (token: string | undefined) =>
      authenticator.authenticate(token, {}).then(
        ({ identity }) => (identity.kind === "USER" ? `USER ${identity.userId}` : identity.kind),
        (error: { code?: string }) => error.code ?? String(error),
      ),
  });
}

interface Shape {
  readonly key?: Pair["privateKey"];
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
}

function token({ key = pair.privateKey, header = {}, claims = {} }: Shape = {}): Promise<string> {
  const at = START / 1000;
  return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: USER_ID, sid: SESSION_ID, iat: at, exp: at + 900, ...claims })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: "k1", ...header })
    .sign(key);
}

/** As programs get it for an API key. */
const clientToken = (claims: Record<string, unknown> = {}) =>
  token({
    claims: {
      ...{ sub: KEY_ID, client_id: KEY_ID, sid: undefined },
      ...{ org: ORGANIZATION_ID, secret: SECRET_HASH, scope: "billing.read", ...claims },
    },
  });

/** Both ways in which a program shows its key. */
const CREDENTIALS = [
  ["an API key", async () => KEY],
  ["an access token of one", () => clientToken()],
] as const;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("a good token gives the session's identity, no token an anonymous one", async () => {
  const { authenticate, authenticator } = await rig();
  expect(await authenticate(undefined)).toBe("ANONYMOUS");
  expect(await authenticate(await token())).toBe(`USER ${USER_ID}`);
  const { identity, expiresAt } = await authenticator.authenticate(await token(), {});
  expect(identity.kind === "USER" && identity.grants.get(ORGANIZATION_ID)).toEqual(new Set(["billing.read"]));
  expect(expiresAt).toEqual(new Date(START + 900_000));
});

test("tokens with any fault are refused [AU-01]", async () => {
  const good = await token();
  const [, payload = "", signature = ""] = good.split(".");
  const hmacInput = `${encode({ alg: "HS256", typ: "at+jwt", kid: "k1" })}.${payload}`;
  const publicPem = await exportSPKI(pair.publicKey);
  const publicRaw = Buffer.from((await exportJWK(pair.publicKey)).x ?? "", "base64url");
  const hmac = (secret: string | Buffer) =>
    `${hmacInput}.${createHmac("sha256", secret).update(hmacInput).digest("base64url")}`;
  const at = START / 1000;
  const cases: Record<string, string> = {
    "alg none": `${encode({ alg: "none", typ: "at+jwt" })}.${payload}.`,
    "alg None": `${encode({ alg: "None", typ: "at+jwt" })}.${payload}.`,
    "alg none with the old signature": `${encode({ alg: "none", typ: "at+jwt" })}.${payload}.${signature}`,
    "empty signature": `${good.split(".").slice(0, 2).join(".")}.`,
    "HS256 with the public key as PEM": hmac(publicPem),
    "HS256 with the raw public key": hmac(publicRaw),
    "another's key": await token({ key: stranger.privateKey }),
    "wrong iss": await token({ claims: { iss: "https://evil.test" } }),
    "wrong aud": await token({ claims: { aud: "other" } }),
    "wrong typ": await token({ header: { typ: "JWT" } }),
    "refresh token as access token": await token({ header: { typ: "rt+jwt" } }),
    expired: await token({ claims: { exp: at - 6 } }),
    "not yet valid": await token({ claims: { nbf: at + 6 } }),
    "no session": await token({ claims: { sid: undefined } }),
    "no expiry": await token({ claims: { exp: undefined } }),
    "unknown critical header": await token({ header: { crit: ["x"], x: 1 } }).catch(() => "x.y.z"),
    "no token at all": "hello",
    huge: "a".repeat(100_000),
  };
  for (const [name, bad] of Object.entries(cases)) {
    const { authenticate, calls } = await rig();
    expect(await authenticate(bad), name).toBe("UNAUTHENTICATED");
    expect(calls.sessions, name).toBe(0);
  }
});

test("a session that ended, or belongs to somebody else, is refused", async () => {
  const ended = await rig();
  ended.session = null;
  expect(await ended.authenticate(await token())).toBe("UNAUTHENTICATED");
  const foreign = await rig();
  foreign.session = { userId: namedId("usr", "somebody else"), sessionId: SESSION_ID, grants: {} };
  expect(await foreign.authenticate(await token())).toBe("UNAUTHENTICATED");
});

test("a token that was good is refused when its time is over", async () => {
  const { authenticate, advance } = await rig();
  const short = await token({ claims: { exp: START / 1000 + 30 } });
  expect(await authenticate(short)).toBe(`USER ${USER_ID}`);
  advance(34);
  expect(await authenticate(short)).toBe(`USER ${USER_ID}`);
  advance(2);
  expect(await authenticate(short)).toBe("UNAUTHENTICATED");
});

test("while nobody can check, the answer is unavailable and not unauthenticated", async () => {
  const down = await rig();
  down.session = new Error("connection refused");
  expect(await down.authenticate(await token())).toBe("SERVICE_UNAVAILABLE");
  const keyless = await rig();
  keyless.keys = new Error("connection refused");
  expect(await keyless.authenticate(await token())).toBe("SERVICE_UNAVAILABLE");
  keyless.keys = "fine";
  expect(await keyless.authenticate(await token())).toBe(`USER ${USER_ID}`);
});

test("a session is asked for once a minute, and at once after its user acted", async () => {
  const { authenticate, authenticator, advance, calls } = await rig();
  await authenticate(await token());
  await authenticate(await token());
  expect(calls.sessions).toBe(1);
  advance(61);
  await authenticate(await token());
  expect(calls.sessions).toBe(2);
  const { identity } = await authenticator.authenticate(await token(), {});
  await authenticator.forget(identity);
  await authenticate(await token());
  expect(calls.sessions).toBe(3);
});

test("made-up key ids cannot make the gateway ask for keys again and again", async () => {
  const { authenticate, calls, advance } = await rig();
  await authenticate(await token());
  for (let attempt = 0; attempt < 20; attempt += 1)
    await authenticate(await token({ header: { kid: `k-${attempt}` } }));
  expect(calls.keys).toBe(1);
  advance(11);
  await authenticate(await token({ header: { kid: "k-new" } }));
  expect(calls.keys).toBe(2);
});

test("what happens to an organisation makes its members' sessions be asked for again, and nobody else's", async () => {
  const { authenticate, authenticator, announce, calls } = await rig();
  await authenticator.start?.();
  const suspend = (orgid: string) => announce("user.organization.suspended.v1", { organizationId: orgid }, { orgid });
  await authenticate(await token());
  await suspend("org_2");
  await authenticate(await token());
  expect(calls.sessions).toBe(1);
  await suspend(ORGANIZATION_ID);
  await authenticate(await token());
  expect(calls.sessions).toBe(2);
});

test("a session that was being asked for while its organisation was suspended is asked for again", async () => {
  const asked = await rig();
  await asked.authenticator.start?.();
  const gate = Promise.withResolvers<void>();
  asked.before = gate.promise;
  const early = asked.authenticate(await token());
  await expect.poll(() => asked.calls.sessions).toBe(1);
  await asked.announce(
    "user.organization.suspended.v1",
    { organizationId: ORGANIZATION_ID },
    { orgid: ORGANIZATION_ID },
  );
  asked.session = { userId: USER_ID, sessionId: SESSION_ID, grants: { [ORGANIZATION_ID]: [] } };
  const late = asked.authenticator.authenticate(await token(), {});
  await expect.poll(() => asked.calls.sessions).toBe(2);
  gate.resolve();
  await early;
  for (const { identity } of [await late, await asked.authenticator.authenticate(await token(), {})]) {
    expect(identity.kind === "USER" && identity.grants.get(ORGANIZATION_ID)).toEqual(new Set());
  }
  expect(asked.calls.sessions).toBe(2);
});

test("a good API key gives a program's identity, and is asked for once a minute", async () => {
  const { authenticate, authenticator, advance, calls } = await rig();
  const { identity, expiresAt } = await authenticator.authenticate(KEY, {});
  expect(identity).toEqual({
    ...{ kind: "API_KEY", keyId: KEY_ID, grantedBy: USER_ID },
    grants: new Map([[ORGANIZATION_ID, new Set(["billing.read"])]]),
  });
  expect(expiresAt).toBeUndefined();
  expect((await authenticator.authenticate(KEY, {})).identity).toBe(identity);
  expect(calls).toEqual({ keys: 0, sessions: 0, apiKeys: 1 });
  advance(61);
  expect(await authenticate(KEY)).toBe("API_KEY");
  expect(calls.apiKeys).toBe(2);
});

test("an API key that is not good is refused, and asked for again soon; a huge one is not asked for at all", async () => {
  const asked = await rig();
  const good = asked.apiKey;
  asked.apiKey = null;
  expect([await asked.authenticate(KEY), await asked.authenticate(KEY)]).toEqual([
    "UNAUTHENTICATED",
    "UNAUTHENTICATED",
  ]);
  expect(asked.calls.apiKeys).toBe(1);
  asked.apiKey = good;
  asked.advance(6);
  expect(await asked.authenticate(KEY)).toBe("API_KEY");
  expect(await asked.authenticate(`trk_${"k".repeat(10_000)}`)).toBe("UNAUTHENTICATED");
  expect(asked.calls.apiKeys).toBe(2);
  const away = await rig();
  away.apiKey = new Error("connection refused");
  expect(await away.authenticate(KEY)).toBe("SERVICE_UNAVAILABLE");
});

test("an API key ends at its moment, although it was good a second ago", async () => {
  const asked = await rig();
  if (asked.apiKey === null || asked.apiKey instanceof Error) throw new Error("the rig has a key");
  asked.apiKey = { ...asked.apiKey, expiresAt: new Date(START + 10_000) };
  expect((await asked.authenticator.authenticate(KEY, {})).expiresAt).toEqual(new Date(START + 10_000));
  asked.advance(10);
  expect(await asked.authenticate(KEY)).toBe("UNAUTHENTICATED");
  expect(asked.calls.apiKeys).toBe(1);
});

const CONCERNING_A_KEY = [
  ["the key", "user.api_key.revoked.v1", {}, { subject: KEY_ID }],
  ["one of its secrets", "user.api_key.rotated.v1", {}, { subject: KEY_ID }],
  ["its giver", "user.suspended.v1", { userId: USER_ID }, {}],
  ["its giver's membership", "user.membership.removed.v1", { userId: USER_ID }, { orgid: ORGANIZATION_ID }],
  ["its organisation", "user.organization.suspended.v1", {}, { orgid: ORGANIZATION_ID }],
] as const;

describe.each(CREDENTIALS)("%s", (_name, makeCredential) => {
  test.each(CONCERNING_A_KEY)("is asked about again when something happens to %s, also meanwhile", async (...of) => {
    const [, type, data, more] = of;
    const asked = await rig();
    const credential = await makeCredential();
    await asked.authenticator.start?.();
    await asked.authenticate(credential);
    await asked.announce("user.suspended.v1", { userId: namedId("usr", "bob") });
    await asked.authenticate(credential);
    expect(asked.calls.apiKeys).toBe(1);
    await asked.announce(type, data, more);
    const gate = Promise.withResolvers<void>();
    asked.before = gate.promise;
    const early = asked.authenticate(credential);
    await expect.poll(() => asked.calls.apiKeys).toBe(2);
    await asked.announce(type, data, more);
    asked.apiKey = null;
    const late = asked.authenticate(credential);
    await expect.poll(() => asked.calls.apiKeys).toBe(3);
    gate.resolve();
    expect([await early, await late, await asked.authenticate(credential)]).toEqual([
      "API_KEY",
      "UNAUTHENTICATED",
      "UNAUTHENTICATED",
    ]);
  });
});

test("an access token of a program allows what its scope names, as far as the key may do it now", async () => {
  const asked = await rig();
  if (asked.apiKey === null || asked.apiKey instanceof Error) throw new Error("the rig has a key");
  asked.apiKey = { ...asked.apiKey, permissions: ["billing.read", "members.read"] };
  const grantsOf = async (scope: string) => {
    const { identity } = await asked.authenticator.authenticate(await clientToken({ scope }), {});
    if (identity.kind !== "API_KEY") throw new Error(`a program is ${identity.kind}`);
    expect(identity.keyId).toBe(KEY_ID);
    return [...(identity.grants.get(ORGANIZATION_ID) ?? [])];
  };
  expect(await grantsOf("members.read")).toEqual(["members.read"]);
  expect(await grantsOf("members.read audit.read")).toEqual(["members.read"]);
  expect(await grantsOf("billing.read members.read")).toEqual(["billing.read", "members.read"]);
});

test.each([
  ["names another key than its secret belongs to", { sub: namedId("key", "other") }],
  ["names another organisation", { org: namedId("org", "other") }],
  ["names no secret", { secret: undefined }],
  ["names no scope", { scope: undefined }],
  ["is of a secret that ended", { secret: "o".repeat(43) }],
])("an access token of a program is refused that %s [AU-01]", async (_fault, claims) => {
  const { authenticate } = await rig();
  expect(await authenticate(await clientToken(claims))).toBe("UNAUTHENTICATED");
});

test("an access token of a program ends before its key, and with its key", async () => {
  const asked = await rig();
  const short = await clientToken({ exp: START / 1000 + 30 });
  const { expiresAt } = await asked.authenticator.authenticate(short, {});
  expect(expiresAt).toEqual(new Date(START + 30_000));
  asked.advance(36);
  expect(await asked.authenticate(short)).toBe("UNAUTHENTICATED");
  const ending = await rig();
  if (ending.apiKey === null || ending.apiKey instanceof Error) throw new Error("the rig has a key");
  ending.apiKey = { ...ending.apiKey, expiresAt: new Date(START + 10_000) };
  expect(await ending.authenticate(await clientToken())).toBe("API_KEY");
  ending.advance(10);
  expect(await ending.authenticate(await clientToken())).toBe("UNAUTHENTICATED");
});

test("identity events name whose rights changed", () => {
  const event = (type: string, data: object, more: object = {}) =>
    revocationOf({ value: JSON.stringify({ type, subject: "x", data, ...more }) });
  expect(event("user.session.revoked.v1", { sessionId: SESSION_ID, userId: USER_ID })).toEqual({
    sessionId: SESSION_ID,
  });
  expect(event("user.membership.removed.v1", { userId: USER_ID }, { orgid: ORGANIZATION_ID })).toEqual({
    userId: USER_ID,
    organizationId: ORGANIZATION_ID,
  });
  expect(event("user.organization.created.v1", {}, { actorid: USER_ID, orgid: ORGANIZATION_ID })).toEqual({
    userId: USER_ID,
    organizationId: ORGANIZATION_ID,
  });
  for (const change of ["suspended", "reinstated"]) {
    expect(event(`user.${change}.v1`, { userId: USER_ID, reason: "r" })).toEqual({ userId: USER_ID });
    expect(
      event(`user.organization.${change}.v1`, { organizationId: ORGANIZATION_ID }, { orgid: ORGANIZATION_ID }),
    ).toEqual({
      organizationId: ORGANIZATION_ID,
    });
  }
  for (const change of ["enabled", "disabled"]) {
    expect(event(`user.second_factor_${change}.v1`, { userId: USER_ID })).toEqual({ userId: USER_ID });
  }
  expect(event("user.organization.security_changed.v1", {}, { orgid: ORGANIZATION_ID })).toEqual({
    organizationId: ORGANIZATION_ID,
  });
  for (const change of ["rotated", "revoked"]) {
    expect(event(`user.api_key.${change}.v1`, {}, { subject: KEY_ID, orgid: ORGANIZATION_ID })).toEqual({
      apiKeyId: KEY_ID,
    });
  }
  expect(event("user.api_key.created.v1", {}, { subject: KEY_ID })).toBeUndefined();
  expect(event("user.registered.v1", { userId: USER_ID })).toBeUndefined();
  expect(revocationOf({ value: "{ broken" })).toBeUndefined();
});
