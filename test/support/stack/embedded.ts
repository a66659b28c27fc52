// The embedded topology: `npm start` in a folder of its own.
import { join } from "node:path";
import { openSecrets } from "../../../gateway/embedded/secrets.ts";
import { settingNames } from "../../../platform/graphql/subgraph-settings.ts";
import { databaseUrls } from "../../../prisma/databases.ts";
import { readSecret } from "../../../prisma/embedded-cluster.ts";
import { freePort } from "../ports.ts";
import { startProcess, subgraphProcess } from "../process.ts";
import {
  createStackProcess,
  PROJECT_ROOT,
  QUICK_STOP,
  type Stack,
  type StackOptions,
  subgraphsOf,
  temporaryFolder,
} from "./stack.ts";
import { startFlags } from "./start-flags.ts";

const READY_DEADLINE_MS = 60_000;

export async function startEmbedded({ settings = {}, root = PROJECT_ROOT }: StackOptions): Promise<Stack> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const process = await createStackProcess(url, async () =>
    startProcess({
      entry: "gateway/embedded-main.ts",
      root,
      name: "embedded",
      nodeArguments: await startFlags("start"),
      env: {
        DATA_DIR: join(folder.path, "data"),
        GATEWAY_PORT: String(port),
        LOG_LEVEL: "info",
        BCRYPT_COST: "4",
        SANDBOX_PROVIDER_DELAY_MS: "300",
        ...QUICK_STOP,
        ...settings,
      },
      ready: new URL(`${url}/ready`),
      readyDeadlineMs: READY_DEADLINE_MS,
    }),
  );
  const admin = new URL(await adminUrl(join(folder.path, "data")));
  const database = (name: string) => {
    const address = new URL(admin);
    address.pathname = `/tributary_${name}`;
    return address.href;
  };
  const secrets = await openSecrets(join(folder.path, "data"));
  return {
    topology: "embedded",
    url,
    socketUrl: `ws://127.0.0.1:${port}/graphql`,
    mailbox: `${url}/mailbox`,
    subgraphs: subgraphsOf(root),
    databaseOf: database,
    identitySecret: secrets.identitySecret,
    processOf: () => process,
    gateways: [process],
    operator: { DATA_DIR: join(folder.path, "data") },
    eventLog: { EVENT_LOG: "postgres", EVENTS_DATABASE_URL: database("events") },
    async startAnother(subgraph) {
      const ownPort = await freePort();
      const own = databaseUrls(admin.href, subgraph, secrets.databasePassword);
      const names = settingNames(subgraph);
      return startProcess({
        ...subgraphProcess(subgraph),
        root,
        env: {
          NODE_ENV: "test",
          IDENTITY_SECRETS: secrets.identitySecret,
          EVENT_LOG: "postgres",
          EVENTS_DATABASE_URL: databaseUrls(admin.href, "events", secrets.databasePassword).app,
          [names.app]: own.app,
          [names.relay]: own.relay,
          [names.port]: String(ownPort),
        },
        ready: new URL(`http://127.0.0.1:${ownPort}/ready`),
        readyDeadlineMs: READY_DEADLINE_MS,
      });
    },
    async stop() {
      await process.current().stop();
      await folder.remove();
    },
  };
}

/** The embedded server's superuser connection, from where the embedded start keeps it. */
async function adminUrl(dataDir: string): Promise<string> {
  const secret = await readSecret(join(dataDir, "postgres"));
  if (secret === undefined) throw new Error(`no Postgres below ${dataDir}`);
  return `postgresql://postgres:${secret.password}@127.0.0.1:${secret.port}/postgres`;
}
