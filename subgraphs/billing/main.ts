/** The billing subgraph as a process of its own. */
import { z } from "zod";
import { cacheSettings } from "../../platform/config/cache-settings.ts";
import { parseConfig } from "../../platform/config/parse-config.ts";
import { billingSettings, subgraphProcessSettings } from "../../platform/config/settings.ts";
import { runSubgraph } from "../../platform/graphql/run-subgraph.ts";
import { createBillingSubgraph } from "./index.ts";

const schema = z.object({ ...subgraphProcessSettings, ...cacheSettings, ...billingSettings });

await runSubgraph({
  name: "billing",
  portSetting: "BILLING_PORT",
  settings: () => parseConfig(schema, process.env),
  port: (settings) => settings.BILLING_PORT,
  databases: ({ BILLING_DATABASE_URL, BILLING_RELAY_DATABASE_URL }) => ({
    BILLING_DATABASE_URL,
    BILLING_RELAY_DATABASE_URL,
  }),
  create: (settings, floor) => createBillingSubgraph({ ...floor, settings }),
});
