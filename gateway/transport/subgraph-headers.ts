/**
 * The headers of a request to a subgraph, the same for every transport. Nothing of the client's request gets through except what
 * is signed here, so that a client cannot speak to a subgraph in anybody's name.
 */
import { IDENTITY_HEADER, type IdentitySigner } from "../../platform/auth/identity-header.ts";
import { childTrace, formatTraceparent } from "../../platform/tracing/trace-context.ts";
import type { GatewayContext } from "../ports.ts";

export type SubgraphHeaders = (subgraph: string, context: GatewayContext) => Promise<Record<string, string>>;

export function signedHeaders(signer: IdentitySigner): SubgraphHeaders {
  return async (subgraph, { identity, client, trace }) => ({
    [IDENTITY_HEADER]: await signer.sign(subgraph, identity, client),
    traceparent: formatTraceparent(childTrace(trace)),
  });
}

/** For the standalone gateway, which has nothing to sign with: the chosen headers of the client go on as they came. */
export const forwardedHeaders: SubgraphHeaders = async (_subgraph, { forwardedHeaders: headers, trace }) => ({
  ...headers,
  traceparent: formatTraceparent(childTrace(trace)),
});
