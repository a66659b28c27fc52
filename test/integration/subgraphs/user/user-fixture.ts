// The user subgraph over databases and a mailbox of its own, asked as the gateway asks it: GraphQL behind a signed
// identity header.
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, Pool } from "pg";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { createIdentitySigner } from "../../../../platform/auth/identity-header.ts";
import type { OrganizationId, SessionId, UserId } from "../../../../platform/auth/principal-ids.ts";
import { loadEventContracts } from "../../../../platform/events/contracts.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { createPostgresEventLog } from "../../../../platform/events/postgres-event-log.ts";
import { createIdSource } from "../../../../platform/ids.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { startMailbox } from "../../../../platform/mail/mailbox-server.ts";
import { type DatabaseUrls, databaseUrls, prepareDatabase } from "../../../../prisma/databases.ts";
import { createUserSubgraph, type UserSubgraph, type UserSubgraphDeps } from "../../../../subgraphs/user/index.ts";
import type { BUILT_IN_ROLES } from "../../../../subgraphs/user/policies.ts";
import { grantsOf } from "../../../support/identities.ts";
import { serviceAddress } from "../../../support/services/service-addresses.ts";
import { waitFor } from "../../../support/wait.ts";
import { runtimeOf } from "../subgraph-runtime.ts";

/** Roles are shared by all databases of a server, hence one password for every test on it. */
const ROLE_PASSWORD = "test-password";
const SECRETS = [randomBytes(32).toString("hex")];
/** Where requests come from, unless a test says otherwise. */
const CLIENT = { ip: "203.0.113.7", userAgent: "test" };
export const ANONYMOUS: Identity = { kind: "ANONYMOUS" };

export type UserFixture = Awaited<ReturnType<typeof startUser>>;
export type Json = ReturnType<typeof JSON.parse>;

/** `CODE field` of each refusal of a payload. */
export const refusalsOf = ({ userErrors }: Json): string[] =>
  userErrors.map(({ code, field }: { code: string; field: string[] | null }) => `${code} ${field?.at(-1)}`);

export interface Answer {
  readonly data: Json;
  readonly errors: Json[];
  readonly extensions: Json;
}

export interface Person {
  readonly email: string;
  readonly password: string;
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Whose session it is, however it began. */
export type SignedIn = Pick<Person, "userId" | "sessionId">;

export async function startUser(
  overrides: Pick<UserSubgraphDeps, "mailRetries"> & {
    smtpUrl?: string;
    redisUrl?: string;
    operatorOrganizationId?: string;
    webhookSecrets?: readonly string[];
    dnsServers?: readonly string[];
    /** Makes the user database before it is brought up to date. */
    before?: (urls: DatabaseUrls, adminUrl: string) => Promise<void>;
    /** In place of a log over Postgres. */
    openLog?: () => Promise<EventLog>;
  } = {},
) {
  const adminUrl = serviceAddress("postgres");
  const name = `user_${randomBytes(5).toString("hex")}`;
  const folder = await mkdtemp(join(tmpdir(), "tributary-user-"));
  const prepare = async (kind: string) => {
    const urls = databaseUrls(adminUrl, kind, ROLE_PASSWORD, `${name}_${kind}`);
    if (kind === "user") await overrides.before?.(urls, adminUrl);
    await prepareDatabase({ adminUrl, name: kind, urls });
    return urls;
  };
  const [user, events] = await Promise.all([prepare("user"), prepare("events")]);
  const logger = createLogger({ name: "test", level: process.env["TEST_LOG_LEVEL"] ?? "fatal" });
  let aheadMs = 0;
  const clock = { now: () => new Date(Date.now() + aheadMs) };
  const ids = createIdSource(clock);
  const eventLog = (await overrides.openLog?.()) ?? createPostgresEventLog({ connectionString: events.app, logger });
  await eventLog.start();
  const mailbox = await startMailbox({ dir: join(folder, "mailbox"), logger });
  const settings = {
    TOKEN_ISSUER: "https://issuer.test",
    TOKEN_AUDIENCE: "test",
    SIGNING_KEY_FILE: join(folder, "keys.json"),
    ACCESS_TOKEN_SECONDS: 900,
    REFRESH_TOKEN_SECONDS: 86_400,
    // One above the least: a test stores a hash of less.
    BCRYPT_COST: 5,
    SAGA_DEADLINE_SECONDS: 3_600,
    SAGA_RETRY_SECONDS: 30,
    ORGANIZATION_GRACE_SECONDS: 3 * 86_400,
    SMTP_URL: overrides.smtpUrl ?? mailbox.smtpUrl,
    MAIL_FROM: "Tributary <no-reply@test.example>",
    MAIL_LANGUAGE: "en",
    MAIL_WEBHOOK_SECRETS: overrides.webhookSecrets,
    WEB_CLIENT_URL: "http://client.test",
    PRIVATE_IDENTITY_PROVIDERS: true,
    DNS_SERVERS: overrides.dnsServers,
    REDIS_URL: overrides.redisUrl,
    OPERATOR_ORGANIZATION_ID: overrides.operatorOrganizationId,
    REDIS_PREFIX: name,
    // A machine that is busy with other tests is no fault of Redis.
    CACHE_TIMEOUT_MS: 5_000,
  };
  const contracts = await loadEventContracts(fileURLToPath(new URL("../../../../schema/events", import.meta.url)));
  const runtime = {
    ...runtimeOf("user", user, ["user.events", "billing.events"]),
    settings,
    eventLog,
    contracts,
    clock,
    ids,
    logger,
    identitySecrets: SECRETS,
  };
  const subgraph: UserSubgraph = createUserSubgraph({
    ...runtime,
    ...(overrides.mailRetries === undefined ? {} : { mailRetries: overrides.mailRetries }),
  });
  for (const part of subgraph.parts) await part.start?.();
  const signer = createIdentitySigner(SECRETS, clock);
  const adminOf = new URL(adminUrl);
  adminOf.pathname = `/${name}_user`;
  const admin = new Pool({ connectionString: adminOf.href, max: 2 });
  // Dropping the database ends connections that are still closing.
  admin.on("error", () => undefined);
  // The end of the fixture drops the database under idle connections.
  admin.on("error", () => undefined);

  async function ask(identity: Identity, query: string, variables: Json = {}, client = CLIENT): Promise<Answer> {
    const header = await signer.sign("user", identity, client);
    const { body } = await subgraph.endpoint.handle({ "x-tributary-identity": header }, { query, variables });
    const { data, errors = [], extensions } = JSON.parse(JSON.stringify(body));
    return { data, errors, extensions };
  }

  /** The payload of a mutation. Throws the errors of an answer without one. */
  async function mutate(
    identity: Identity,
    mutation: string,
    input: Json,
    selection: string,
    client = CLIENT,
  ): Promise<Json> {
    const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input!`;
    const query = `mutation($input: ${type}) { ${mutation}(input: $input) { ${selection} userErrors { code field status message } } }`;
    const { data, errors } = await ask(identity, query, { input }, client);
    if (data?.[mutation] === undefined || data[mutation] === null) throw new Error(JSON.stringify(errors));
    return { ...data[mutation], errors };
  }

  /** Anonymously, from another place or program than usual. */
  const mutateFrom = (client: typeof CLIENT, mutation: string, input: Json, selection: string): Promise<Json> =>
    mutate(ANONYMOUS, mutation, input, selection, client);

  function tokenFor(email: string, path: string): Promise<string> {
    return waitFor(
      async () => {
        for (const { text } of await mailbox.list(email)) {
          const token = new RegExp(`http://client\\.test${path}\\?token=(\\S+)`).exec(text)?.[1];
          if (token !== undefined) return token;
        }
        return undefined;
      },
      { what: `a mail to ${email} with a ${path} link` },
    );
  }

  async function register(email = `p-${randomUUID()}@example.com`, password = "correct horse battery") {
    const input = { email, password, displayName: "Ada" };
    const { userErrors } = await mutate(ANONYMOUS, "userRegister", input, "accepted");
    if (userErrors.length > 0) throw new Error(JSON.stringify(userErrors));
    return { email, password };
  }

  async function verify(email: string): Promise<void> {
    const { userErrors } = await mutate(
      ANONYMOUS,
      "emailVerify",
      { token: await tokenFor(email, "/verify") },
      "user { id }",
    );
    if (userErrors.length > 0) throw new Error(JSON.stringify(userErrors));
  }

  async function signIn({ email, password }: { email: string; password: string }): Promise<Person> {
    const selection = "session { id user { id } } tokens { accessToken refreshToken expiresAt }";
    const { session, tokens, userErrors } = await mutate(ANONYMOUS, "sessionCreate", { email, password }, selection);
    if (session === null) throw new Error(JSON.stringify(userErrors));
    return { email, password, userId: session.user.id, sessionId: session.id, ...tokens };
  }

  /** Registered, verified, signed in. */
  async function person(): Promise<Person> {
    const credentials = await register();
    await verify(credentials.email);
    return signIn(credentials);
  }

  /** The identity as the gateway would sign it now. */
  async function identityOf({ sessionId, userId }: SignedIn): Promise<Identity> {
    const facts = await subgraph.tokenService.session(sessionId, userId);
    if (facts === null) throw new Error("the session has ended");
    return { kind: "USER", userId, sessionId, grants: grantsOf(facts.grants) };
  }

  /** The payload of a mutation of theirs. */
  async function mutateAs(person: SignedIn, mutation: string, input: Json, selection: string): Promise<Json> {
    return mutate(await identityOf(person), mutation, input, selection);
  }

  async function organization(owner: Person, slug = `s-${randomUUID().slice(0, 20)}`): Promise<OrganizationId> {
    const input = { name: "Test Works", slug, idempotencyKey: randomUUID() };
    const payload = await mutate(await identityOf(owner), "organizationCreate", input, "organization { id }");
    if (payload.organization === null) throw new Error(JSON.stringify(payload.userErrors));
    return payload.organization.id;
  }

  async function roles(
    owner: Person,
    organizationId: string,
  ): Promise<Readonly<Record<keyof typeof BUILT_IN_ROLES, string>>> {
    const query = "query($id: ID!) { organization(id: $id) { roles { id name } } }";
    const { data } = await ask(await identityOf(owner), query, { id: organizationId });
    return Object.fromEntries(data.organization.roles.map((role: Json) => [role.name, role.id])) as never;
  }

  /** Lets `guest` join by invitation; the id of the membership. */
  async function invited(owner: Person, organizationId: string, guest: Person): Promise<string> {
    const roleIds = [(await roles(owner, organizationId)).MEMBER];
    const input = { organizationId, email: guest.email, roleIds };
    const { userErrors } = await mutate(await identityOf(owner), "invitationCreate", input, "invitation { id }");
    if (userErrors.length > 0) throw new Error(JSON.stringify(userErrors));
    const token = await tokenFor(guest.email, "/invite");
    const joined = await mutate(await identityOf(guest), "invitationAccept", { token }, "membership { id }");
    if (joined.membership === null) throw new Error(JSON.stringify(joined));
    return joined.membership.id;
  }

  /** Committed events of a stream (an organisation or a user), in its order. */
  async function streamOf(tenantId: string): Promise<Json[]> {
    const { rows } = await admin.query("SELECT envelope FROM outbox WHERE tenant_id = $1 ORDER BY position", [
      tenantId,
    ]);
    return rows.map((row: { envelope: string }) => JSON.parse(row.envelope));
  }

  const isOfMail = ({ type }: Json): boolean => type.startsWith("user.email.");

  /** Those of commands. */
  const eventsOf = async (tenantId: string) => (await streamOf(tenantId)).filter((event) => !isOfMail(event));

  /** What became of mails: it follows by itself, sooner or later. */
  const mailEventsOf = async (tenantId: string) => (await streamOf(tenantId)).filter(isOfMail);

  /** As billing says that it opened the account of a new organisation. */
  async function accountOpened(organizationId: string): Promise<void> {
    const [created] = await eventsOf(organizationId);
    const { sagaId } = created.data;
    const step = { step: "billing_account", direction: "EXECUTE", outcome: "DONE", reason: null };
    const news = {
      ...created,
      ...{ id: ids.uuid(), causationid: created.id, hop: 1, source: "/tributary/billing", sequence: "1" },
      type: "billing.saga.step_settled.v1",
      subject: sagaId,
      data: { sagaId, organizationId, ...step },
    };
    await eventLog.ensureTopics(["billing.events"]);
    await eventLog.append("billing.events", [{ key: organizationId, value: JSON.stringify(news) }]);
  }

  async function stop(): Promise<void> {
    for (const part of [...subgraph.parts].reverse()) await part.stop?.();
    await eventLog.stop();
    await mailbox.stop();
    await admin.end();
    const client = new Client({ connectionString: adminUrl });
    await client.connect();
    for (const kind of ["user", "events"]) await client.query(`DROP DATABASE IF EXISTS "${name}_${kind}" WITH (FORCE)`);
    await client.end();
    await rm(folder, { recursive: true, force: true });
  }

  return {
    subgraph,
    /** What another process of the subgraph is made of. */
    runtime,
    settings,
    admin,
    clock,
    ids,
    signer,
    mailbox,
    eventLog,
    advance: (ms: number) => {
      aheadMs += ms;
    },
    ask,
    mutate,
    mutateAs,
    mutateFrom,
    tokenFor,
    register,
    verify,
    signIn,
    person,
    identityOf,
    organization,
    roles,
    join: invited,
    streamOf,
    eventsOf,
    mailEventsOf,
    accountOpened,
    stop,
  };
}
