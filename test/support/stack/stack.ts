// What a disposable Tributary stack is to a test, whatever its topology.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlatformAddress } from "../client/newcomer.ts";
import type { ProjectProcess } from "../process.ts";

export type Topology = "embedded" | "distributed";

export const TOPOLOGIES: readonly Topology[] = ["embedded", "distributed"];

export interface Stack extends PlatformAddress {
  readonly topology: Topology;
  /** e.g. ws://127.0.0.1:4000/graphql */
  readonly socketUrl: string;
  /** Superuser connections per database, for looking behind the API. */
  readonly databases: Readonly<Record<SubgraphName, string>>;
  /** Signs identity headers that the stack's subgraphs accept. */
  readonly identitySecret: string;
  /** By name: `gateway`, `user`, `billing`, `audit`; in the embedded topology all are the same process. */
  readonly processes: Readonly<Record<ServiceProcess, StackProcess>>;
  /** All gateways; the first one is that of `processes`. */
  readonly gateways: readonly StackProcess[];
  /** Settings of its event log, for reading that beside the platform. */
  readonly eventLog: Readonly<Record<string, string>>;
  /** Settings with which `npm run operator` finds it. */
  readonly operator: Readonly<Record<string, string>>;
  /**
   * Starts one more process of a subgraph on a port of its own and waits until it is ready. Nobody asks it anything; its consumers
   * share the work of the stack's. Whoever starts it ends it.
   */
  startAnother(subgraph: SubgraphName): Promise<ProjectProcess>;
  stop(): Promise<void>;
}

export type SubgraphName = "user" | "billing" | "audit";
export type ServiceProcess = "gateway" | SubgraphName;

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
  /** How many gateways the distributed topology has; default 1. */
  readonly gateways?: number;
}

/** Nobody has to leave a stack that is done with: its gateways wait less for clients whose connections idle. Tests of stops say otherwise. */
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
