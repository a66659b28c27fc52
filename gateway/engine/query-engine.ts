/**
 * The executor room: plans and executes operations. For now the stock executor of @apollo/gateway, fed by our schema source; whatever
 * replaces it keeps this interface.
 */
import { ApolloGateway } from "@apollo/gateway";
import type { ApolloServerOptionsWithGateway } from "@apollo/server";
import type { Logger } from "../../platform/logger/logger.ts";
import type { GatewayContext, SchemaSource } from "../ports.ts";
import type { DataSources } from "../transport/data-sources.ts";
import { quietLogger } from "./quiet-logger.ts";

/** What Apollo Server executes operations with. */
export type QueryEngine = NonNullable<ApolloServerOptionsWithGateway<GatewayContext>["gateway"]>;

export interface QueryEngineOptions {
  readonly schema: SchemaSource;
  readonly dataSources: DataSources;
  readonly logger: Logger;
}

export function createQueryEngine({ schema, dataSources, logger }: QueryEngineOptions): QueryEngine {
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
