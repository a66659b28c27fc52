// One real Postgres for tests, from the same binaries as the embedded topology, on a free port in a temporary folder.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../../prisma/embedded-postgres.ts";

export interface PostgresOptions {
  /**
   * A folder to keep; with `port` it restarts a server that was stopped or killed, on its own data. Default: temporary.
   */
  readonly dataDir?: string;
  readonly port?: number;
}

export interface PostgresServer {
  /** Superuser connection to the `postgres` database. */
  readonly adminUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  /** Ends the server and removes a temporary folder. Idempotent. */
  stop(): Promise<void>;
}

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "tributary-postgres-")));
  const remove = () => (options.dataDir === undefined ? rm(dataDir, { recursive: true, force: true }) : undefined);
  try {
    const server = await startEmbeddedPostgres({
      dataDir,
      ...(options.port === undefined ? {} : { port: options.port }),
    });
    return {
      adminUrl: server.adminUrl,
      port: server.port,
      pid: server.pid,
      dataDir,
      async stop() {
        await server.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
