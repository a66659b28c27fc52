/** What the platform knows of the audit subgraph: the record of everything that happened. */
import { operatorSettings } from "../../platform/config/operator-settings.ts";
import { defineSubgraph } from "../../platform/graphql/subgraph-definition.ts";

export const subgraph = defineSubgraph({
  port: 4003,
  // Whoever is added is recorded. Its own events are not: recording an entry would record itself.
  consumes: "others",
  answersFromMemory: false,
  settings: operatorSettings,
  operatorCommands: async () => (await import("./operator/command-table.ts")).COMMANDS,
  create: async (deps) => (await import("./index.ts")).createAuditSubgraph(deps),
});
