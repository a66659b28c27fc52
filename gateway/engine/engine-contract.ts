/** What Apollo Server executes operations with, and what every such engine is made of. */
import type { ApolloServerOptionsWithGateway } from "@apollo/server";
import type { Logger } from "../../platform/logger/logger.ts";
import type { GatewayContext, SchemaSource } from "../ports.ts";
import type { DataSources } from "../transport/data-sources.ts";
import type { SubgraphClients } from "../transport/subgraph-clients.ts";
import type { InspectOperation } from "./compiled-operation.ts";

export type QueryEngine = NonNullable<ApolloServerOptionsWithGateway<GatewayContext>["gateway"]>;

export interface QueryEngineOptions {
  readonly schema: SchemaSource;
  readonly clients: SubgraphClients;
  /** The same subgraphs, for the stock executor. */
  readonly dataSources: DataSources;
  /** Looks at what answers are made of; never asked by the stock executor. */
  readonly inspection?: InspectOperation | undefined;
  readonly logger: Logger;
}
