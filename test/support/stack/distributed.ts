// The distributed topology: a process per subgraph and gateway, with the shared Postgres, Redis and Kafka of the test run. A stack has its own
// databases, its own topics (by prefix) and its own mailbox, so that stacks do not see each other.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Client } from "pg";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { freePort, freePorts } from "../ports.ts";
import { type ProjectProcess, startProcess } from "../process.ts";
import { serviceAddress } from "../services/service-addresses.ts";
import {
  createStackProcess,
  QUICK_STOP,
  type ServiceProcess,
  type Stack,
  type StackOptions,
  temporaryFolder,
} from "./stack.ts";
import { startFlags } from "./start-flags.ts";

/** Roles are shared by all databases of a server, hence one password for every stack on it. */
const ROLE_PASSWORD = "test-password";
const READY_DEADLINE_MS = 60_000;
const SUBGRAPHS = ["user", "billing", "audit"] as const;

export async function startDistributed({ settings = {}, gateways: gatewayCount = 1 }: StackOptions): Promise<Stack> {
  const folder = await temporaryFolder();
  const name = `stack_${randomBytes(5).toString("hex")}`;
  const adminUrl = serviceAddress("postgres");
  const urls = Object.fromEntries(
    await Promise.all(
      SUBGRAPHS.map(async (subgraph) => {
        const database = databaseUrls(adminUrl, subgraph, ROLE_PASSWORD, `${name}_${subgraph}`);
        await prepareDatabase({ adminUrl, name: subgraph, urls: database });
        return [subgraph, database] as const;
      }),
    ),
  );
  const [userPort, billingPort, auditPort, mailboxPort, smtpPort, ...gatewayPorts] = await freePorts(5 + gatewayCount);
  const [gatewayPort] = gatewayPorts;
  const url = (port: number | undefined) => `http://127.0.0.1:${port}`;
  const identitySecret = randomBytes(32).toString("hex");
  const eventLog = {
    EVENT_LOG: "kafka",
    KAFKA_BROKERS: serviceAddress("kafka"),
    KAFKA_TOPIC_PREFIX: `${name}.`,
  };
  const env: Record<string, string | undefined> = {
    NODE_ENV: "test",
    LOG_LEVEL: "info",
    IDENTITY_SECRETS: identitySecret,
    CURSOR_SECRET: randomBytes(32).toString("hex"),
    ...eventLog,
    REDIS_URL: serviceAddress("redis"),
    REDIS_PREFIX: name,
    USER_DATABASE_URL: urls["user"]?.app,
    USER_RELAY_DATABASE_URL: urls["user"]?.relay,
    BILLING_DATABASE_URL: urls["billing"]?.app,
    BILLING_RELAY_DATABASE_URL: urls["billing"]?.relay,
    AUDIT_DATABASE_URL: urls["audit"]?.app,
    AUDIT_RELAY_DATABASE_URL: urls["audit"]?.relay,
    USER_PORT: String(userPort),
    BILLING_PORT: String(billingPort),
    AUDIT_PORT: String(auditPort),
    USER_SUBGRAPH_URL: url(userPort),
    BILLING_SUBGRAPH_URL: url(billingPort),
    AUDIT_SUBGRAPH_URL: url(auditPort),
    SIGNING_KEY_FILE: join(folder.path, "signing-keys.json"),
    SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
    WEB_CLIENT_URL: url(gatewayPort),
    MAILBOX_PORT: String(mailboxPort),
    MAILBOX_SMTP_PORT: String(smtpPort),
    MAILBOX_DIR: join(folder.path, "mailbox"),
    BCRYPT_COST: "4",
    SANDBOX_PROVIDER_DELAY_MS: "300",
    ...QUICK_STOP,
    ...settings,
  };
  const gatewayFlags = await startFlags("start:gateway");
  const start = (entry: string, ready: string, changed: Record<string, string> = {}): Promise<ProjectProcess> =>
    startProcess({
      entry,
      nodeArguments: [
        "--disable-warning=TimeoutNegativeWarning",
        ...(entry.startsWith("gateway/") ? gatewayFlags : []),
      ],
      env: { ...env, ...changed },
      ready: new URL(ready),
      readyDeadlineMs: READY_DEADLINE_MS,
    });
  const service = (port: number | undefined, entry: string, readyPath = "/ready", own = {}) =>
    createStackProcess(url(port), () => start(entry, `${url(port)}${readyPath}`, own));
  const [mailbox, user, billing, audit] = await Promise.all([
    service(mailboxPort, "platform/mail/mailbox-main.ts", "/mailbox"),
    service(userPort, "subgraphs/user/main.ts"),
    service(billingPort, "subgraphs/billing/main.ts"),
    service(auditPort, "subgraphs/audit/main.ts"),
  ]);
  const [gateways] = await Promise.all([
    Promise.all(gatewayPorts.map((port) => service(port, "gateway/main.ts", "/ready", { GATEWAY_PORT: String(port) }))),
    seed(env),
  ]);
  const [gateway] = gateways;
  if (gateway === undefined) throw new Error("a stack needs a gateway");
  const processes: Record<ServiceProcess, typeof user> = { gateway, user, billing, audit };
  return {
    topology: "distributed",
    url: url(gatewayPort),
    socketUrl: `ws://127.0.0.1:${gatewayPort}/graphql`,
    mailbox: `${url(mailboxPort)}/mailbox`,
    databases: {
      user: admin(adminUrl, `${name}_user`),
      billing: admin(adminUrl, `${name}_billing`),
      audit: admin(adminUrl, `${name}_audit`),
    },
    identitySecret,
    processes,
    gateways,
    eventLog,
    operator: { USER_DATABASE_URL: urls["user"]?.app ?? "" },
    async startAnother(subgraph) {
      const port = await freePort();
      const changed = { [`${subgraph.toUpperCase()}_PORT`]: String(port) };
      return start(`subgraphs/${subgraph}/main.ts`, `${url(port)}/ready`, changed);
    },
    async stop() {
      await Promise.all([...gateways, user, billing, audit, mailbox].map((process) => process.current().stop()));
      await dropDatabases(adminUrl, name);
      await folder.remove();
    },
  };
}

/** The plans of the catalogue, as `npm run db:seed` makes them. */
async function seed(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const seeding = await startProcess({ entry: "subgraphs/billing/seed-main.ts", env });
  const { code } = await seeding.exited;
  if (code !== 0) throw new Error(`seeding failed: ${await seeding.output()}`);
}

function admin(adminUrl: string, database: string): string {
  const address = new URL(adminUrl);
  address.pathname = `/${database}`;
  return address.href;
}

async function dropDatabases(adminUrl: string, stack: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    for (const subgraph of SUBGRAPHS) {
      await client.query(`DROP DATABASE IF EXISTS "${stack}_${subgraph}" WITH (FORCE)`);
    }
  } finally {
    await client.end();
  }
}
