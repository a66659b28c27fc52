// The processes of a distributed platform under load: what each used, and what its caches say of themselves.
import { join } from "node:path";
import type { Stack } from "../../support/stack/stack.ts";
import { createServerProbe, type ServerFigures } from "../server-figures.ts";
import { type CacheFigures, readCacheFigures } from "./cache-figures.ts";

/** Names of the processes of a stack: the gateway, then its subgraphs. */
export const processNames = (stack: Pick<Stack, "subgraphs">): readonly string[] => ["gateway", ...stack.subgraphs];

export interface ServerProcesses {
  begin(): void;
  /** What each process has used since `begin`. */
  end(): Promise<ReadonlyMap<string, ServerFigures>>;
  /** Counted since the process began. */
  caches(): Promise<ReadonlyMap<string, CacheFigures>>;
}

export function createServerProcesses(stack: Stack, folder: string): ServerProcesses {
  const names = processNames(stack);
  const ofEach = async <T>(ask: (name: string) => Promise<T>): Promise<ReadonlyMap<string, T>> =>
    new Map(await Promise.all(names.map(async (name) => [name, await ask(name)] as const)));
  const probes = new Map(
    names.map((name) => [name, createServerProbe(stack.processOf(name).current().pid, figuresFile(folder))] as const),
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
    caches: () => ofEach((name) => readCacheFigures(stack.processOf(name).url)),
  };
}

export const figuresFile = (folder: string): string => join(folder, "figures-{pid}.json");
