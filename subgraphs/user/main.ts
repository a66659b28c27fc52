/** The user subgraph as a process of its own. */
import { z } from "zod";
import { cacheSettings } from "../../platform/config/cache-settings.ts";
import { parseConfig } from "../../platform/config/parse-config.ts";
import { subgraphProcessSettings, tokenSettings, userSettings } from "../../platform/config/settings.ts";
import { runSubgraph } from "../../platform/graphql/run-subgraph.ts";
import { createUserSubgraph } from "./index.ts";

const schema = z.object({ ...subgraphProcessSettings, ...tokenSettings, ...cacheSettings, ...userSettings });

await runSubgraph({
  name: "user",
  portSetting: "USER_PORT",
  settings: () => parseConfig(schema, process.env),
  port: (settings) => settings.USER_PORT,
  databases: ({ USER_DATABASE_URL, USER_RELAY_DATABASE_URL }) => ({ USER_DATABASE_URL, USER_RELAY_DATABASE_URL }),
  create: (settings, floor) => createUserSubgraph({ ...floor, settings }),
});
