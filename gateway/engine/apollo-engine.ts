/** The stock executor of @apollo/gateway, fed by our schema source: to compare ours with. */
import { ApolloGateway } from "@apollo/gateway";
import type { QueryEngine, QueryEngineOptions } from "./engine-contract.ts";
import { quietLogger } from "./quiet-logger.ts";

export function createApolloEngine({ schema, dataSources, logger }: QueryEngineOptions): QueryEngine {
  // The library sends figures about its host to its maker unless this variable is set; it offers no option.
  // biome-ignore lint/style/noProcessEnv: see above
  process.env["APOLLO_TELEMETRY_DISABLED"] = "1";
  return new ApolloGateway({
    // A throwing `update` makes the schema source keep its old generation, so both always agree.
    async supergraphSdl({ update }) {
      const stop = schema.onChange(({ supergraphSdl }) => update(supergraphSdl));
      return {
        supergraphSdl: schema.current().supergraphSdl,
        async cleanup() {
          stop();
        },
      };
    },
    buildService: ({ name, url }) => dataSources.open(name, url),
    logger: quietLogger(logger),
    // Done when the generation was built.
    validateSupergraph: false,
    __exposeQueryPlanExperimental: false,
  });
}
