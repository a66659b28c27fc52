/** What has to run before the parts of the embedded platform can be made: databases, mailbox, the built web client. */
import { join } from "node:path";
import type { Logger } from "../../platform/logger/logger.ts";
import { type Mailbox, startMailbox } from "../../platform/mail/mailbox-server.ts";
import { type EmbeddedDatabases, startDatabases } from "./databases.ts";
import { prepareWebClient } from "./web-client-build.ts";

export interface Infrastructure {
  readonly databases: EmbeddedDatabases;
  readonly mailbox: Mailbox;
  readonly webClient: string | undefined;
}

export interface InfrastructureOptions {
  readonly dataDir: string;
  readonly databasePassword: string;
  /** Names of those that need a database. */
  readonly subgraphs: readonly string[];
  readonly logger: Logger;
}

/** Side by side, since each mostly waits for a process of its own; when one fails, the others are stopped again. */
export async function startInfrastructure(options: InfrastructureOptions): Promise<Infrastructure> {
  const { dataDir, databasePassword, subgraphs, logger } = options;
  const [databases, mailbox, webClient] = await Promise.allSettled([
    startDatabases(dataDir, databasePassword, subgraphs),
    startMailbox({ dir: join(dataDir, "mailbox"), logger }),
    prepareWebClient(logger),
  ]);
  if (databases.status === "fulfilled" && mailbox.status === "fulfilled" && webClient.status === "fulfilled") {
    return { databases: databases.value, mailbox: mailbox.value, webClient: webClient.value };
  }
  if (databases.status === "fulfilled") await databases.value.stop();
  if (mailbox.status === "fulfilled") await mailbox.value.stop();
  throw [databases, mailbox, webClient].find((result) => result.status === "rejected")?.reason;
}
