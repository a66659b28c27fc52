// The processes of a distributed platform under load: what each used, and what its caches say of themselves.
import { join } from "node:path";
import type { ServiceProcess, Stack } from "../../support/stack/stack.ts";
import { createServerProbe, type ServerFigures } from "../server-figures.ts";
import { type CacheFigures, readCacheFigures } from "./cache-figures.ts";

export const PROCESSES: readonly ServiceProcess[] = ["gateway", "user", "billing", "audit"];

export interface ServerProcesses {
  begin(): void;
  /** What each process has used since `begin`. */
  end(): Promise<ReadonlyMap<ServiceProcess, ServerFigures>>;
  /** Counted since the process began. */
  caches(): Promise<ReadonlyMap<ServiceProcess, CacheFigures>>;
}

export function createServerProcesses(stack: Stack, folder: string): ServerProcesses {
  const ofEach = async <T>(ask: (name: ServiceProcess) => Promise<T>): Promise<ReadonlyMap<ServiceProcess, T>> =>
    new Map(await Promise.all(PROCESSES.map(async (name) => [name, await ask(name)] as const)));
  const probes = new Map(
    PROCESSES.map(
      (name) => [name, createServerProbe(stack.processes[name].current().pid, figuresFile(folder))] as const,
    ),
  );
  return {
    begin() {
      for (const probe of probes.values()) probe.begin();
    },
    end: () =>
      ofEach((name) => {
        const probe = probes.get(name);
        if (probe === undefined) throw new Error(`${name} is not measured`);
        return probe.end();
      }),
    caches: () => ofEach((name) => readCacheFigures(stack.processes[name].url)),
  };
}

export const figuresFile = (folder: string): string => join(folder, "figures-{pid}.json");
