/**
 * The headers of a request to a subgraph, the same for every transport. Nothing of the client's request gets through
 * except what is signed here, so that a client cannot speak to a subgraph in anybody's name; the trace and the client
 * program's name go with it, which give no rights.
 */
import { IDENTITY_HEADER, type IdentitySigner } from "../../platform/auth/identity-header.ts";
import { childTrace, formatTraceparent } from "../../platform/tracing/trace-context.ts";
import type { GatewayContext } from "../ports.ts";

export type SubgraphHeaders = (subgraph: string, context: GatewayContext) => Promise<Record<string, string>>;

export function signedHeaders(signer: IdentitySigner): SubgraphHeaders {
  return async (subgraph, context) => {
    const headers: Record<string, string> = {
      [IDENTITY_HEADER]: await signer.sign(subgraph, context.identity, context.client),
    };
    return withOrigin(headers, context);
  };
}

/** For the standalone gateway, which has nothing to sign with: the chosen headers of the client go on as they came. */
export const forwardedHeaders: SubgraphHeaders = async (_subgraph, context) =>
  withOrigin({ ...context.forwardedHeaders }, context);

/** Anything else could end a header, or be refused by whoever reads it. */
const PRINTABLE = /^[\x20-\x7e]+$/;

function withOrigin(headers: Record<string, string>, { trace, clientName }: GatewayContext): Record<string, string> {
  headers["traceparent"] = formatTraceparent(childTrace(trace));
  if (clientName === undefined || !PRINTABLE.test(clientName.name)) return headers;
  headers["apollographql-client-name"] = clientName.name;
  const { version } = clientName;
  if (version !== undefined && PRINTABLE.test(version)) headers["apollographql-client-version"] = version;
  return headers;
}
