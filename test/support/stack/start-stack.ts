// Disposable Tributary stacks on free ports, in both topologies, each with databases, topics and mails of its own.
import { startDistributed } from "./distributed.ts";
import { startEmbedded } from "./embedded.ts";
import type { Stack, StackOptions, Topology } from "./stack.ts";

export function startStack(topology: Topology, options: StackOptions = {}): Promise<Stack> {
  return topology === "embedded" ? startEmbedded(options) : startDistributed(options);
}
