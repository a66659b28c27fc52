// What a disposable Tributary stack is to a test, whatever its topology.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { subgraphDatabases } from "../../../prisma/subgraph-databases.ts";
import type { PlatformAddress } from "../client/new-member.ts";
import type { ProjectProcess } from "../process.ts";

export type Topology = "embedded" | "distributed";

export const TOPOLOGIES: readonly Topology[] = ["embedded", "distributed"];

export interface Stack extends PlatformAddress {
  readonly topology: Topology;
  /** e.g. ws://127.0.0.1:4000/graphql */
  readonly socketUrl: string;
  /** Names of its subgraphs. */
  readonly subgraphs: readonly string[];
  /** A superuser's connection to a subgraph's database, for looking behind the API. */
  databaseOf(subgraph: string): string;
  /** Signs identity headers that the stack's subgraphs accept. */
  readonly identitySecret: string;
  /** The process of `gateway`, or of a subgraph; in the embedded topology all are the same. */
  processOf(service: string): StackProcess;
  /** All gateways; the first one is that of `processOf`. */
  readonly gateways: readonly StackProcess[];
  /** Settings of its event log, for reading that beside the platform. */
  readonly eventLog: Readonly<Record<string, string>>;
  /** Settings with which `npm run operator` finds it. */
  readonly operator: Readonly<Record<string, string>>;
  /**
   * Starts one more process of a subgraph, on a free port unless the settings name one, and waits until it is ready.
   * Its consumers share the work of the stack's. Whoever starts it ends it.
   * @param settings in place of those of the stack
   */
  startAnother(subgraph: string, settings?: Readonly<Record<string, string>>): Promise<ProjectProcess>;
  stop(): Promise<void>;
}

/** A process of the stack that a test may kill and start again. */
export interface StackProcess {
  current(): ProjectProcess;
  /** SIGKILL, nothing is cleaned up. */
  crash(): Promise<void>;
  /** Starts it again on the same ports and waits until it is ready. */
  restart(): Promise<void>;
  /** Where it listens, e.g. http://127.0.0.1:4002 */
  readonly url: string;
}

export interface StackOptions {
  /** Settings added to those of the stack, for every process. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Ports through which subgraphs of the distributed topology reach their databases, e.g. of fault proxies; default:
   * the server's.
   */
  readonly databasePorts?: Readonly<Record<string, number>>;
  /** Superuser's address of the Postgres that the distributed topology uses; default: that of the test run. */
  readonly postgres?: string;
  /** How many gateways the distributed topology has; default 1. */
  readonly gateways?: number;
  /** The checkout that is started; default: this one. */
  readonly root?: string;
}

/**
 * Nobody has to leave a stack that is done with: its gateways wait less for clients whose connections idle. Tests of
 * stops say otherwise.
 */
export const QUICK_STOP = { DRAIN_NOTICE_MS: "100" } as const;

/** A temporary folder and how to remove it. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "tributary-stack-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A process that can be crashed and started again. */
export async function createStackProcess(url: string, start: () => Promise<ProjectProcess>): Promise<StackProcess> {
  let running = await start();
  return {
    url,
    current: () => running,
    async crash() {
      await running.kill("SIGKILL");
    },
    async restart() {
      running = await start();
    },
  };
}

export const PROJECT_ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Names of a checkout's subgraphs, by their databases: nothing of the checkout is loaded. */
export const subgraphsOf = (root: string): readonly string[] => subgraphDatabases(join(root, "prisma"));

/** What a map holds under a name. */
export function named<Value>(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (value === undefined) throw new Error(`there is no ${name} in the stack, only ${[...values.keys()].join(", ")}`);
  return value;
}
