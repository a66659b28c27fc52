/** The audit subgraph as a process of its own. */
import { z } from "zod";
import { parseConfig } from "../../platform/config/parse-config.ts";
import { auditSettings, subgraphProcessSettings } from "../../platform/config/settings.ts";
import { runSubgraph } from "../../platform/graphql/run-subgraph.ts";
import { createAuditSubgraph } from "./index.ts";

const schema = z.object({ ...subgraphProcessSettings, ...auditSettings });

await runSubgraph({
  name: "audit",
  portSetting: "AUDIT_PORT",
  settings: () => parseConfig(schema, process.env),
  port: (settings) => settings.AUDIT_PORT,
  databases: ({ AUDIT_DATABASE_URL, AUDIT_RELAY_DATABASE_URL }) => ({ AUDIT_DATABASE_URL, AUDIT_RELAY_DATABASE_URL }),
  create: (settings, floor) => createAuditSubgraph({ ...floor, settings }),
});
