// A program with an API key on the running platform, over both topologies: it reads, commands, follows events and is
// audited as itself, in its organisation alone; and it is out within a second of being told so.
import { randomUUID } from "node:crypto";
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  clientCredentialsGrant,
} from "openid-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGraphQLClient } from "../support/client/graphql-client.ts";
import { type Account, attachCard, type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/client/transport-follower.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const BILLING = "subscription($org: ID!) { billingEvents(organizationId: $org) { sequence eventId } }";
const ENDED = { WebSocket: /socket closed 4403 Session ended/, SSE: /"UNAUTHENTICATED".*"SESSION_ENDED"/ };

interface Issued {
  readonly apiKey: { readonly id: string };
  readonly secret: string;
}

describe.each(TOPOLOGIES)("%s: a program with an API key", (topology) => {
  let stack: Stack;
  let owner: Member;
  let account: Account;
  beforeAll(async () => {
    stack = await startStack(topology);
    owner = await newMember(stack, "Olga Owner");
    account = await newOrganization(owner);
  });
  afterAll(() => stack?.stop());

  const issue = (scopes: readonly string[], more: object = {}) =>
    owner.client.mutate<Issued>(
      "apiKeyCreate",
      { organizationId: account.organizationId, name: "Nightly export", scopes, ...more },
      "apiKey { id } secret",
    );
  const programWith = ({ secret }: Issued) => createGraphQLClient(`${stack.url}/graphql`, secret);
  const NAME = "query($id: ID!) { organization(id: $id) { name } }";
  const READ = "query($id: ID!) { viewer { user { id } } organization(id: $id) { name billingAccount { id } } }";

  test("reads and commands in its organisation alone, and the audit log names the key [S5] [MT-01]", async () => {
    const stranger = await newMember(stack, "Sam Stranger");
    const elsewhere = await newOrganization(stranger);
    const issued = await issue(["organization.read", "billing.read", "billing.manage"]);
    const program = programWith(issued);
    const { accountId, organizationId } = account;
    expect(await program.request(READ, { id: organizationId })).toEqual({
      viewer: null,
      organization: { name: "Test Works", billingAccount: { id: accountId } },
    });
    const foreign = await program.send(READ, { id: elsewhere.organizationId });
    expect(foreign.errors?.[0]?.extensions?.["code"]).toBe("NOT_FOUND");
    const card = { providerToken: "tok_visa", makeDefault: true, idempotencyKey: randomUUID() };
    const attach = (id: string) =>
      program.mutate("paymentMethodAttach", { ...card, accountId: id }, "paymentMethod { id }");
    await attach(accountId);
    await expect(attach(elsewhere.accountId)).rejects.toThrow("NOT_FOUND");
    const entry = await waitFor(
      async () => {
        const query = `query($id: ID!) { organization(id: $id) { auditLog(first: 5, filter: { actions: ["billing.payment_method.attached"] }) {
          edges { node { actor { kind id user { id } } } } } } }`;
        const { organization } = await owner.client.request<Trail>(query, { id: organizationId });
        return organization.auditLog.edges[0]?.node;
      },
      { what: "the audit entry" },
    );
    expect(entry.actor).toEqual({ kind: "SERVICE", id: issued.apiKey.id, user: null });
  });

  test("is refused what it was not given, what takes a person, and a key that never was one", async () => {
    const program = programWith(await issue(["organization.read"]));
    const { organizationId, accountId } = account;
    const query = "query($id: ID!) { organization(id: $id) { auditLog(first: 1) { totalCount } } }";
    const denied = await program.send(query, { id: organizationId });
    expect(denied.errors?.[0]?.extensions?.["code"]).toBe("FORBIDDEN");
    const card = { accountId, providerToken: "tok_visa", idempotencyKey: randomUUID() };
    await expect(program.mutate("paymentMethodAttach", card, "paymentMethod { id }")).rejects.toThrow("FORBIDDEN");
    const mine = { name: "Mine", idempotencyKey: randomUUID() };
    await expect(program.mutate("organizationCreate", mine, "organization { id }")).rejects.toThrow("FORBIDDEN");
    const made = createGraphQLClient(`${stack.url}/graphql`, `trk_${"A".repeat(64)}`);
    const unknown = await made.send(READ, { id: organizationId });
    expect([unknown.status, unknown.errors?.[0]?.extensions?.["code"]]).toEqual([401, "UNAUTHENTICATED"]);
  });

  test.each(TRANSPORT_NAMES)(
    "%s: follows events until its key is revoked, and then calls no more [S38]",
    async (transport) => {
      const issued = await issue(["billing.read"]);
      const program = programWith(issued);
      const follower = await TRANSPORTS[transport](stack, issued.secret, BILLING, account.organizationId);
      const witness = await TRANSPORTS[transport](stack, owner.accessToken, BILLING, account.organizationId);
      await attachCard(owner, account);
      await waitFor(() => follower.count() > 0, { what: "an event" });
      await owner.client.mutate("apiKeyRevoke", { id: issued.apiKey.id }, "apiKey { status }");
      await waitFor(() => follower.end() !== undefined, { what: "the end" });
      expect(follower.end()).toMatch(ENDED[transport]);
      const answer = await program.send(READ, { id: account.organizationId });
      expect([answer.status, answer.errors?.[0]?.extensions?.["code"]]).toEqual([401, "UNAUTHENTICATED"]);
      const seen = witness.count();
      await attachCard(owner, account);
      await waitFor(() => witness.count() > seen, { what: "an event for somebody else" });
      await witness.close();
      await follower.close();
    },
  );

  test("gets access tokens by OAuth client credentials, bounded by scope and key [S5] [S38]", async () => {
    const issued = await issue(["organization.read", "billing.read"]);
    const tokenFor = (scope: Record<string, string>, authentication?: ClientAuth) =>
      clientCredentialsGrant(oauthClient(stack.url, issued, authentication), scope);
    const { access_token, token_type, expires_in, scope } = await tokenFor({ scope: "organization.read" });
    expect([token_type, scope]).toEqual(["bearer", "organization.read"]);
    expect(expires_in).toBeGreaterThan(890);
    expect(expires_in).toBeLessThanOrEqual(900);
    const program = createGraphQLClient(`${stack.url}/graphql`, access_token);
    const named = await program.request<{ organization: object }>(NAME, { id: account.organizationId });
    expect(named.organization).toEqual({ name: "Test Works" });
    const log = "query($id: ID!) { organization(id: $id) { auditLog(first: 1) { totalCount } } }";
    const denied = await program.send(log, { id: account.organizationId });
    expect(denied.errors?.[0]?.extensions?.["code"]).toBe("FORBIDDEN");
    const byBody = await tokenFor({}, ClientSecretPost(issued.secret));
    expect(byBody.scope).toBe("organization.read billing.read");
    const follower = await TRANSPORTS.SSE(stack, byBody.access_token, BILLING, account.organizationId);
    await expect(tokenFor({ scope: "audit.read" })).rejects.toMatchObject({ error: "invalid_scope", status: 400 });
    await owner.client.mutate("apiKeyRevoke", { id: issued.apiKey.id }, "apiKey { status }");
    await waitFor(() => follower.end() !== undefined, { what: "the end of the program's stream" });
    expect(follower.end()).toMatch(ENDED.SSE);
    expect((await program.send(NAME, { id: account.organizationId })).status).toBe(401);
    await expect(tokenFor({})).rejects.toMatchObject({ status: 401 });
    await follower.close();
  });

  test("is told in OAuth's words what is wrong with its request for a token", async () => {
    const post = async (body: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${stack.url}/oauth/token`, { method: "POST", body, headers });
      return [response.status, ((await response.json()) as { error?: string }).error];
    };
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect(await post("{}", { "content-type": "application/json" })).toEqual([400, "invalid_request"]);
    expect(await post("grant_type=password&username=a&password=b", form)).toEqual([400, "unsupported_grant_type"]);
    expect(await post("grant_type=client_credentials", form)).toEqual([401, "invalid_client"]);
    expect((await fetch(`${stack.url}/oauth/token`)).status).toBe(404);
  });

  test("goes on through a rotation with either secret, and with the new one alone after it", async () => {
    const issued = await issue(["organization.read"]);
    const { id } = issued.apiKey;
    const rotate = (overlapHours: number) =>
      owner.client.mutate<Issued>("apiKeyRotate", { id, overlapHours }, "apiKey { id } secret");
    const next = await rotate(1);
    for (const each of [issued, next]) {
      const { organization } = await programWith(each).request<{ organization: { name: string } }>(NAME, {
        id: account.organizationId,
      });
      expect(organization.name).toBe("Test Works");
    }
    const last = await rotate(0);
    const codes = await waitFor(
      async () => {
        const answers = await Promise.all(
          [issued, next, last].map((each) => programWith(each).send(NAME, { id: account.organizationId })),
        );
        const statuses = answers.map(({ status }) => status);
        return statuses[0] === 401 && statuses[1] === 401 && statuses;
      },
      { what: "the former secrets to end" },
    );
    expect(codes).toEqual([401, 401, 200]);
  });
});

/** A client of a library that knows the standard. */
function oauthClient(url: string, { apiKey, secret }: Issued, authentication?: ClientAuth): Configuration {
  const server = { issuer: "https://tributary.local", token_endpoint: `${url}/oauth/token` };
  const client = new Configuration(server, apiKey.id, {}, authentication ?? ClientSecretBasic(secret));
  allowInsecureRequests(client);
  return client;
}

interface Trail {
  readonly organization: {
    readonly auditLog: {
      readonly edges: readonly {
        readonly node: { readonly actor: { kind: string; id: string; user: { id: string } | null } };
      }[];
    };
  };
}
