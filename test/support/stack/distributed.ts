// The distributed topology: a process per subgraph and gateway, with the shared Postgres, Redis and Kafka of the test
// run. A stack has its own databases, its own topics (by prefix) and its own mailbox, so that stacks do not see each
// other.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Client } from "pg";
import { settingNames } from "../../../platform/graphql/subgraph-settings.ts";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { freePort, freePorts } from "../ports.ts";
import { type ProcessOptions, type ProjectProcess, startProcess, subgraphProcess } from "../process.ts";
import { serviceAddress } from "../services/service-addresses.ts";
import { throughPort } from "../through-port.ts";
import {
  createStackProcess,
  named,
  PROJECT_ROOT,
  QUICK_STOP,
  type Stack,
  type StackOptions,
  subgraphsOf,
  temporaryFolder,
} from "./stack.ts";
import { startFlags } from "./start-flags.ts";

/** Roles are shared by all databases of a server, hence one password for every stack on it. */
const ROLE_PASSWORD = "test-password";
const READY_DEADLINE_MS = 60_000;

export async function startDistributed(options: StackOptions): Promise<Stack> {
  const { settings = {}, gateways: gatewayCount = 1, root = PROJECT_ROOT, databasePorts = {} } = options;
  const folder = await temporaryFolder();
  const name = `stack_${randomBytes(5).toString("hex")}`;
  const adminUrl = options.postgres ?? serviceAddress("postgres");
  const subgraphs = subgraphsOf(root);
  const urls = new Map(
    await Promise.all(
      subgraphs.map(async (subgraph) => {
        const own = databaseUrls(adminUrl, subgraph, ROLE_PASSWORD, `${name}_${subgraph}`);
        await prepareDatabase({ adminUrl, name: subgraph, urls: own, folder: join(root, "prisma") });
        return [subgraph, own] as const;
      }),
    ),
  );
  const [mailboxPort, smtpPort, ...ports] = await freePorts(2 + subgraphs.length + gatewayCount);
  const gatewayPorts = ports.slice(subgraphs.length);
  const [gatewayPort] = gatewayPorts;
  const url = (port: number | undefined) => `http://127.0.0.1:${port}`;
  const identitySecret = randomBytes(32).toString("hex");
  const eventLog = {
    EVENT_LOG: "kafka",
    KAFKA_BROKERS: settings["KAFKA_BROKERS"] ?? serviceAddress("kafka"),
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
    ...Object.fromEntries(
      subgraphs.flatMap((subgraph, index) => {
        const names = settingNames(subgraph);
        const { app, relay } = named(urls, subgraph);
        return [
          [names.app, throughPort(app, databasePorts[subgraph])],
          [names.relay, relay && throughPort(relay, databasePorts[subgraph])],
          [names.port, String(ports[index])],
          [names.address, url(ports[index])],
        ];
      }),
    ),
    SIGNING_KEY_FILE: join(folder.path, "signing-keys.json"),
    SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
    WEB_CLIENT_URL: url(gatewayPort),
    BILLING_DOCUMENTS_URL: url(gatewayPort),
    MAILBOX_PORT: String(mailboxPort),
    MAILBOX_SMTP_PORT: String(smtpPort),
    MAILBOX_DIR: join(folder.path, "mailbox"),
    BCRYPT_COST: "4",
    SANDBOX_PROVIDER_DELAY_MS: "300",
    SANDBOX_WEBHOOK_URL: `${url(gatewayPort)}/webhooks/sandbox`,
    ...QUICK_STOP,
    ...settings,
  };
  const gatewayFlags = await startFlags("start:gateway");
  const start = (program: Program, ready: string, changed: Record<string, string> = {}): Promise<ProjectProcess> =>
    startProcess({
      ...program,
      root,
      nodeArguments: [
        "--disable-warning=TimeoutNegativeWarning",
        ...(program.entry.startsWith("gateway/") ? gatewayFlags : []),
      ],
      env: { ...env, ...changed },
      ready: new URL(ready),
      readyDeadlineMs: READY_DEADLINE_MS,
    });
  const service = (port: number | undefined, program: Program, readyPath = "/ready", own = {}) =>
    createStackProcess(url(port), () => start(program, `${url(port)}${readyPath}`, own));
  const [mailbox, ...services] = await Promise.all([
    service(mailboxPort, { entry: "platform/mail/mailbox-main.ts" }, "/mailbox"),
    ...subgraphs.map((subgraph, index) => service(ports[index], subgraphProcess(subgraph))),
  ]);
  const [gateways] = await Promise.all([
    Promise.all(
      gatewayPorts.map((port) => service(port, { entry: "gateway/main.ts" }, "/ready", { GATEWAY_PORT: String(port) })),
    ),
    seed(root, env),
  ]);
  const [gateway] = gateways;
  if (gateway === undefined) throw new Error("a stack needs a gateway");
  const processes = new Map([
    ["gateway", gateway],
    ...services.map((running, index) => [subgraphs[index] ?? "", running] as const),
  ]);
  return {
    topology: "distributed",
    url: url(gatewayPort),
    socketUrl: `ws://127.0.0.1:${gatewayPort}/graphql`,
    mailbox: `${url(mailboxPort)}/mailbox`,
    subgraphs,
    databaseOf: (subgraph) => admin(adminUrl, `${name}_${subgraph}`),
    identitySecret,
    processOf: (wanted) => named(processes, wanted),
    gateways,
    eventLog,
    operator: Object.fromEntries(subgraphs.map((subgraph) => [settingNames(subgraph).app, named(urls, subgraph).app])),
    async startAnother(subgraph, own = {}) {
      const name = settingNames(subgraph).port;
      const port = Number(own[name] ?? (await freePort()));
      const changed = { ...own, [name]: String(port) };
      return start(subgraphProcess(subgraph), `${url(port)}/ready`, changed);
    },
    async stop() {
      await Promise.all([...gateways, ...services, mailbox].map((process) => process.current().stop()));
      await dropDatabases(
        adminUrl,
        subgraphs.map((subgraph) => `${name}_${subgraph}`),
      );
      await folder.remove();
    },
  };
}

type Program = Pick<ProcessOptions, "entry" | "entryArguments" | "name">;

/** What subgraphs need before they serve, as `npm run db:seed` writes it. */
async function seed(root: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const seeding = await startProcess({ entry: "subgraphs/seed-main.ts", root, env });
  const { code } = await seeding.exited;
  if (code !== 0) throw new Error(`seeding failed: ${await seeding.output()}`);
}

function admin(adminUrl: string, database: string): string {
  const address = new URL(adminUrl);
  address.pathname = `/${database}`;
  return address.href;
}

async function dropDatabases(adminUrl: string, names: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    for (const name of names) await client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  } finally {
    await client.end();
  }
}
