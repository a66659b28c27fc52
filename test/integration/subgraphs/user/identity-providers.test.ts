// Organisations' own sign-in: domains that were shown to be theirs, a real provider that speaks for those, and sessions
// that count for what they are.
import { randomUUID } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grantsOf } from "../../../../platform/auth/identity.ts";
import type { OrganizationId, SessionId, UserId } from "../../../../platform/auth/principal-ids.ts";
import { type DnsServer, startDnsServer } from "../../../support/services/dns-server.ts";
import { type IdentityProviderServer, startIdentityProvider } from "../../../support/services/identity-provider.ts";
import {
  ANONYMOUS,
  type Json,
  type Person,
  refusalsOf,
  type SignedIn,
  startUser,
  type UserFixture,
} from "./user-fixture.ts";

const REDIRECT = "http://client.test/sign-in/provider";
let fixture: UserFixture;
let dns: DnsServer;
let provider: IdentityProviderServer;
beforeAll(async () => {
  dns = await startDnsServer();
  provider = await startIdentityProvider({ redirectUri: REDIRECT });
  fixture = await startUser({ dnsServers: [dns.address] });
});
afterAll(async () => {
  await fixture?.stop();
  await provider?.stop();
  await dns?.stop();
});

const as = (...of: Parameters<UserFixture["mutateAs"]>) => fixture.mutateAs(...of);
const DOMAIN = "domain { id domain status recordName recordValue verifiedAt }";
const PROVIDER = "identityProvider { issuer clientId redirectUri enforced }";
const add = (person: Person, organizationId: string, domain: string) =>
  as(person, "domainAdd", { organizationId, domain }, DOMAIN);
const verify = (person: Person, id: string) => as(person, "domainVerify", { id }, DOMAIN);
const setProvider = (person: Person, organizationId: string, more: object = {}, server = provider) => {
  const { issuer, clientId, clientSecret } = server;
  return as(person, "identityProviderSet", { organizationId, issuer, clientId, clientSecret, ...more }, PROVIDER);
};
const begin = (email: string) => fixture.mutate(ANONYMOUS, "providerSignInBegin", { email }, "url secret");
const complete = (query: string, secret: string) =>
  fixture.mutate(
    ANONYMOUS,
    "providerSignInComplete",
    { query, secret },
    "session { id user { id displayName email } } tokens { accessToken refreshToken }",
  );
const newDomain = () => `d${randomUUID().slice(0, 8)}.example`;

const rightsOf = async (person: SignedIn, organizationId: OrganizationId) =>
  [...(grantsOf(await fixture.identityOf(person)).get(organizationId) ?? [])].sort();

/** An organisation with a domain of its own, and a provider that speaks for it. */
async function world(more: object = {}, server = provider) {
  const ada = await fixture.person();
  const organizationId = await fixture.organization(ada);
  const domain = newDomain();
  const { domain: named } = await add(ada, organizationId, domain);
  dns.records.set(named.recordName, [named.recordValue]);
  await verify(ada, named.id);
  expect(refusalsOf(await setProvider(ada, organizationId, more, server))).toEqual([]);
  return { ada, organizationId, domain, domainId: String(named.id) };
}

/** The way of a person with an account at the provider, from our page to our page. */
async function visit(email: string, subject: string = randomUUID(), at = {}, server = provider) {
  server.people.set(subject, { email, name: "Nina New", ...at });
  server.signsInAs = subject;
  const { url, secret } = await begin(email);
  return { query: (await server.visit(url)).search, secret: String(secret), subject };
}

async function signInAt(email: string, subject: string = randomUUID(), at = {}, server = provider) {
  const { query, secret } = await visit(email, subject, at, server);
  const answer = await complete(query, secret);
  const { session } = answer;
  const person = session && { userId: session.user.id as UserId, sessionId: session.id as SessionId };
  return { answer, person };
}

async function memberAt(email: string, subject?: string) {
  const { answer, person } = await signInAt(email, subject);
  if (person === null) throw new Error(JSON.stringify(answer.userErrors));
  return person as SignedIn;
}

describe("a domain", () => {
  test("is the organisation's once its record is in the DNS, and one organisation's alone", async () => {
    const ada = await fixture.person();
    const organizationId = await fixture.organization(ada);
    const domain = newDomain();
    const { domain: named } = await add(ada, organizationId, ` ${domain.toUpperCase()} `);
    expect(named).toMatchObject({ domain, status: "PENDING", recordName: `_tributary.${domain}`, verifiedAt: null });
    expect(refusalsOf(await verify(ada, named.id))).toEqual(["STATE_INVALID id"]);
    dns.records.set(named.recordName, ["v=spf1 -all", "tributary-verification=somebody-elses"]);
    expect(refusalsOf(await verify(ada, named.id))).toEqual(["STATE_INVALID id"]);
    dns.records.set(named.recordName, ["v=spf1 -all", named.recordValue]);
    expect((await verify(ada, named.id)).domain).toMatchObject({ status: "VERIFIED" });
    dns.records.delete(named.recordName);
    expect((await verify(ada, named.id)).domain).toMatchObject({ status: "VERIFIED" });
    const eve = await fixture.person();
    const theirs = await add(eve, await fixture.organization(eve), domain);
    dns.records.set(theirs.domain.recordName, [theirs.domain.recordValue]);
    expect(refusalsOf(await verify(eve, theirs.domain.id))).toEqual(["TAKEN id"]);
    expect((await as(ada, "domainRemove", { id: named.id }, "removedId")).removedId).toBe(named.id);
    expect((await verify(eve, theirs.domain.id)).domain).toMatchObject({ status: "VERIFIED" });
    expect(
      (await fixture.eventsOf(organizationId)).map(({ type }) => type).filter((type) => /domain/.test(type)),
    ).toEqual(["user.domain.added.v1", "user.domain.verified.v1", "user.domain.removed.v1"]);
  });

  test("is named by owners alone, once, and has to be one", async () => {
    const [ada, bob] = [await fixture.person(), await fixture.person()];
    const organizationId = await fixture.organization(ada);
    const bobs = await fixture.join(ada, organizationId, bob);
    const { ADMIN } = await fixture.roles(ada, organizationId);
    await as(ada, "membershipUpdate", { id: bobs, roleIds: [ADMIN] }, "membership { id }");
    const domain = newDomain();
    expect(refusalsOf(await add(bob, organizationId, domain))).toEqual(["FORBIDDEN undefined"]);
    expect(refusalsOf(await add(await fixture.person(), organizationId, domain))).toEqual(["NOT_FOUND organizationId"]);
    const { domain: named } = await add(ada, organizationId, domain);
    expect(refusalsOf(await add(ada, organizationId, domain))).toEqual(["TAKEN domain"]);
    for (const wrong of ["", "localhost", "127.0.0.1", "https://example.com", "a b.com", `${"x".repeat(250)}.com`]) {
      expect(refusalsOf(await add(ada, organizationId, wrong)), wrong).toEqual(["INVALID domain"]);
    }
    expect(refusalsOf(await verify(await fixture.person(), named.id))).toEqual(["NOT_FOUND id"]);
    const query = "query($id: ID!) { organization(id: $id) { domains { domain } identityProvider { issuer } } }";
    const seen = await fixture.ask(await fixture.identityOf(bob), query, { id: organizationId });
    expect(seen.data.organization).toEqual({ domains: [{ domain }], identityProvider: null });
    const { MEMBER } = await fixture.roles(ada, organizationId);
    await as(ada, "membershipUpdate", { id: bobs, roleIds: [MEMBER] }, "membership { id }");
    const hidden = await fixture.ask(await fixture.identityOf(bob), query, { id: organizationId });
    expect(hidden.errors.map(({ extensions }) => extensions.code)).toEqual(["FORBIDDEN", "FORBIDDEN"]);
  });
});

describe("a provider", () => {
  test("is set by owners who have a domain; its secret is sealed and never told", async () => {
    const { ada, organizationId } = await world();
    const query = `query($id: ID!) { organization(id: $id) { ${PROVIDER} } }`;
    const { data } = await fixture.ask(await fixture.identityOf(ada), query, { id: organizationId });
    expect(data.organization.identityProvider).toEqual({
      ...{ issuer: provider.issuer, clientId: provider.clientId, redirectUri: REDIRECT, enforced: false },
    });
    for (const table of ["identity_provider", "outbox"]) {
      const stored = JSON.stringify((await fixture.admin.query(`SELECT * FROM ${table}`)).rows);
      expect(stored).not.toContain(provider.clientSecret);
    }
    const bare = await fixture.organization(ada);
    expect(refusalsOf(await setProvider(ada, bare))).toEqual(["STATE_INVALID undefined"]);
    expect(refusalsOf(await setProvider(await fixture.person(), organizationId))).toEqual(["NOT_FOUND organizationId"]);
    for (const issuer of ["ftp://x.example", "not a url", `${provider.issuer}/?a=b`, "http://127.0.0.1:1"]) {
      expect(refusalsOf(await setProvider(ada, organizationId, { issuer })), issuer).toEqual(["INVALID issuer"]);
    }
    expect(refusalsOf(await setProvider(ada, organizationId, { clientId: "" }))).toEqual(["BLANK clientId"]);
    expect((await as(ada, "identityProviderRemove", { organizationId }, "removed")).removed).toBe(true);
    expect((await as(ada, "identityProviderRemove", { organizationId }, "removed")).removed).toBe(true);
    const events = (await fixture.eventsOf(organizationId)).filter(({ type }) => /identity_provider/.test(type));
    expect(events).toMatchObject([
      { type: "user.identity_provider.set.v1", data: { issuer: provider.issuer, enforced: false, revision: 1 } },
      { type: "user.identity_provider.removed.v1" },
    ]);
  });
});

describe("signing in at a provider", () => {
  test("opens an account for whoever comes first, as a member; later on it is the same one", async () => {
    const { organizationId, domain } = await world();
    const email = `nina@${domain}`;
    const subject = randomUUID();
    const { answer, person } = await signInAt(email, subject);
    expect(answer).toMatchObject({ session: { user: { displayName: "Nina New", email } }, userErrors: [] });
    if (person === null) throw new Error("she is signed in");
    expect(await rightsOf(person, organizationId)).toEqual(["billing.read", "members.read", "organization.read"]);
    const again = await signInAt(`other@${domain}`, subject, { email: `renamed@${domain}` });
    expect(again.person?.userId).toBe(person.userId);
    expect((await fixture.eventsOf(person.userId)).map(({ type }) => type)).toEqual([
      "user.registered.v1",
      "user.email_verified.v1",
      "user.session.created.v1",
      "user.session.created.v1",
    ]);
  });

  test("is signing in with the account that has the address, and joins once: whoever was removed stays so", async () => {
    const { ada, organizationId, domain } = await world();
    const { email, password } = await fixture.register(`bob@${domain}`);
    await fixture.verify(email);
    const bob = await fixture.signIn({ email, password });
    const subject = randomUUID();
    const member = await memberAt(email, subject);
    expect(member.userId).toBe(bob.userId);
    const query =
      "query($id: ID!) { organization(id: $id) { members(first: 5) { edges { node { id user { id } } } } } }";
    const { data } = await fixture.ask(await fixture.identityOf(ada), query, { id: organizationId });
    const his = data.organization.members.edges.find(({ node }: Json) => node.user.id === bob.userId);
    await as(ada, "membershipRemove", { id: his.node.id }, "removedId");
    expect(await rightsOf(await memberAt(email, subject), organizationId)).toEqual([]);
  });

  test("makes a registration that was not confirmed the account of its owner, whoever registered it", async () => {
    const { domain } = await world();
    const { email, password } = await fixture.register(`carol@${domain}`);
    await memberAt(email);
    await expect(fixture.signIn({ email, password })).rejects.toThrow("INVALID");
  });

  test("speaks for the organisation's domains alone, and for addresses that the provider has seen", async () => {
    const { ada, domain, domainId } = await world();
    const stranger = await signInAt(`nina@${domain}`, randomUUID(), { email: ada.email });
    expect(refusalsOf(stranger.answer)).toEqual(["FORBIDDEN query"]);
    const unseen = await signInAt(`nina@${domain}`, randomUUID(), { emailVerified: false });
    expect(refusalsOf(unseen.answer)).toEqual(["INVALID query"]);
    const sub = await signInAt(`nina@${domain}`, randomUUID(), { email: `nina@sub.${domain}` });
    expect(refusalsOf(sub.answer)).toEqual(["FORBIDDEN query"]);
    expect(refusalsOf(await begin(`nina@${newDomain()}`))).toEqual(["NOT_FOUND email"]);
    const gone = await visit(`late@${domain}`);
    await as(ada, "domainRemove", { id: domainId }, "removedId");
    expect(refusalsOf(await complete(gone.query, gone.secret))).toEqual(["FORBIDDEN query"]);
    expect(refusalsOf(await begin(`nina@${domain}`))).toEqual(["NOT_FOUND email"]);
  });

  test("does not follow an account to an address of another domain", async () => {
    const { domain } = await world();
    const subject = randomUUID();
    const { userId } = await memberAt(`dora@${domain}`, subject);
    await fixture.admin.query(`UPDATE "user" SET email = $1 WHERE id = $2`, [`dora-${userId}@home.example`, userId]);
    const { answer } = await signInAt(`dora@${domain}`, subject);
    expect(refusalsOf(answer)).toEqual(["FORBIDDEN query"]);
  });

  test("takes an answer once, in time, for the browser that asked, and as the provider gave it", async () => {
    const { domain } = await world();
    const email = `nina@${domain}`;
    const first = await visit(email);
    expect(refusalsOf(await complete(first.query, "another-browser"))).toEqual(["EXPIRED query"]);
    const both = await Promise.all([complete(first.query, first.secret), complete(first.query, first.secret)]);
    expect(both.filter(({ session }) => session !== null)).toHaveLength(1);
    expect(refusalsOf(await complete(first.query, first.secret))).toEqual(["EXPIRED query"]);
    const bent = await visit(email);
    const query = new URLSearchParams(bent.query);
    query.set("code", `${query.get("code")}x`);
    expect(refusalsOf(await complete(`?${query}`, bent.secret))).toEqual(["INVALID query"]);
    const denied = await visit(email);
    const state = new URLSearchParams(denied.query).get("state");
    const refusal = new URLSearchParams({ error: "access_denied", state: state ?? "", iss: provider.issuer });
    expect(refusalsOf(await complete(`?${refusal}`, denied.secret))).toEqual(["INVALID query"]);
    const mixed = await visit(email);
    const other = await visit(email);
    expect(refusalsOf(await complete(mixed.query, other.secret))).toEqual(["EXPIRED query"]);
    const late = await visit(email);
    fixture.advance(10 * 60_000 + 1_000);
    expect(refusalsOf(await complete(late.query, late.secret))).toEqual(["EXPIRED query"]);
    for (const none of ["", "?", "state=x", `?state=tro_${"A".repeat(64)}&code=1`]) {
      expect(refusalsOf(await complete(none, "x")), none).toEqual(["EXPIRED query"]);
    }
  });

  test("works with claims in the ID token, and with a client secret in the body", async () => {
    const server = await startIdentityProvider({
      ...{ redirectUri: REDIRECT, claimsInIdToken: true, authentication: "client_secret_post" },
    });
    try {
      const { domain } = await world({}, server);
      const { answer } = await signInAt(`nina@${domain}`, randomUUID(), {}, server);
      expect(refusalsOf(answer)).toEqual([]);
      const attempt = await visit(`nina@${domain}`, randomUUID(), {}, server);
      await server.stop();
      await expect(complete(attempt.query, attempt.secret)).rejects.toThrow("SERVICE_UNAVAILABLE");
      await expect(begin(`nina@${domain}`)).rejects.toThrow("SERVICE_UNAVAILABLE");
    } finally {
      await server.stop().catch(() => undefined);
    }
  });
});

describe("an organisation that requires its own sign-in", () => {
  test("holds off whoever has an address of its domains and signed in elsewhere, but owners and guests", async () => {
    const { ada, organizationId, domain } = await world();
    const { email, password } = await fixture.register(`bob@${domain}`);
    await fixture.verify(email);
    const bob = await fixture.signIn({ email, password });
    await fixture.join(ada, organizationId, bob);
    const guest = await fixture.person();
    await fixture.join(ada, organizationId, guest);
    const all = ["billing.read", "members.read", "organization.read"];
    expect(await rightsOf(bob, organizationId)).toEqual(all);
    await setProvider(ada, organizationId, { enforced: true });
    expect(await rightsOf(bob, organizationId)).toEqual(["organization.read"]);
    expect(await rightsOf(guest, organizationId)).toEqual(all);
    expect((await rightsOf(ada, organizationId)).length).toBeGreaterThan(all.length);
    expect(await rightsOf(await memberAt(email), organizationId)).toEqual(all);
    await setProvider(ada, organizationId, { enforced: false });
    expect(await rightsOf(bob, organizationId)).toEqual(all);
  });

  test("and a session of its provider counts elsewhere as one without a second factor", async () => {
    const { organizationId, domain } = await world();
    const { email, password } = await fixture.register(`eve@${domain}`);
    await fixture.verify(email);
    const eve = await fixture.signIn({ email, password });
    const elsewhere = await fixture.organization(eve);
    const { secret } = await as(eve, "totpEnroll", { password }, "secret");
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: fixture.clock.now().getTime() });
    await as(eve, "totpConfirm", { code }, "recoveryCodes");
    const there = await memberAt(email);
    expect(await rightsOf(there, organizationId)).toEqual(["billing.read", "members.read", "organization.read"]);
    expect(await rightsOf(there, elsewhere)).toEqual(["organization.read"]);
    expect((await rightsOf(eve, elsewhere)).length).toBeGreaterThan(3);
  });
});
