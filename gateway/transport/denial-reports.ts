/**
 * Tells subgraphs whom the gateway refused in their stead, such as a reader of their live events. They publish it like
 * a refusal of their own.
 */
import type { ClientFacts, Identity } from "../../platform/auth/identity.ts";
import { IDENTITY_HEADER, type IdentitySigner } from "../../platform/auth/identity-header.ts";
import type { Denial } from "../../platform/errors/denials.ts";
import { DENIALS_PATH } from "../../platform/graphql/denials-route.ts";
import type { SubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { firstAnswer } from "../../platform/http/first-answer.ts";
import type { Logger } from "../../platform/logger/logger.ts";

export interface DeniedCaller {
  readonly identity: Identity;
  readonly client: ClientFacts;
  readonly denial: Denial;
}

/** Never rejects: the refusal stands, whoever hears of it. */
export type ReportDenial = (subgraph: string, denied: DeniedCaller) => Promise<void>;

export interface DenialReportsOptions {
  readonly signer: IdentitySigner;
  /** Subgraphs in this process. */
  readonly endpoints?: readonly SubgraphEndpoint[];
  /** Of those in others, without a path, in the order in which they are tried. */
  readonly addresses?: ReadonlyMap<string, () => readonly string[]>;
  readonly logger: Logger;
}

const TIMEOUT_MS = 3_000;

export function createDenialReports({ signer, endpoints = [], addresses, logger }: DenialReportsOptions): ReportDenial {
  return async (subgraph, { identity, client, denial }) => {
    try {
      const headers = { [IDENTITY_HEADER]: await signer.sign(subgraph, identity, client) };
      const endpoint = endpoints.find(({ name }) => name === subgraph);
      if (endpoint !== undefined) return await endpoint.takeDenial(headers, denial);
      const response = await firstAnswer({
        addresses: addresses?.get(subgraph)?.() ?? [],
        path: DENIALS_PATH,
        init: {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(denial),
        },
        timeoutMs: TIMEOUT_MS,
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${DENIALS_PATH} answered ${response.status}`);
    } catch (error) {
      logger.error({ err: error, subgraph }, "a subgraph was not told of a refusal");
    }
  };
}
