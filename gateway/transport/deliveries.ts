/**
 * Hands on what programs deliver by plain HTTP to the subgraph that takes it, in this process or in another one, in the
 * name of whoever calls. It is sent again where an answer was lost: whoever takes deliveries bears that.
 */
import type { ClientFacts, Identity } from "../../platform/auth/identity.ts";
import { IDENTITY_HEADER, type IdentitySigner } from "../../platform/auth/identity-header.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import { TIMEOUT_HEADER } from "../../platform/graphql/request-deadline.ts";
import type { Subgraph } from "../../platform/graphql/subgraph.ts";
import { firstAnswer } from "../../platform/http/first-answer.ts";
import { INGEST_HEADER, type IngestAnswer, ingestPath } from "../../platform/ingest/ingest.ts";
import { childTrace, formatTraceparent, type TraceContext } from "../../platform/tracing/trace-context.ts";

export interface Delivery {
  readonly identity: Identity;
  readonly client: ClientFacts;
  readonly trace: TraceContext;
  readonly body: Buffer;
}

/**
 * @returns undefined where nothing is taken under this name
 * @throws AppError `SERVICE_UNAVAILABLE`
 */
export type SendDelivery = (name: string, delivery: Delivery) => Promise<IngestAnswer | undefined>;

export interface DeliveriesOptions {
  readonly signer: IdentitySigner;
  /** In this process. */
  readonly subgraphs?: readonly Pick<Subgraph, "name" | "ingest">[];
  /** Of those in others, without a path, in the order in which they are tried. */
  readonly addresses?: ReadonlyMap<string, () => readonly string[]>;
}

/** A long list takes its time. */
const TIMEOUT_MS = 20_000;

export function createDeliveries({ signer, subgraphs = [], addresses = new Map() }: DeliveriesOptions): SendDelivery {
  /** Who takes what, once it is known. */
  const takers = new Map<string, string>();

  async function headersFor(subgraph: string, { identity, client, trace }: Delivery) {
    return {
      [IDENTITY_HEADER]: await signer.sign(subgraph, identity, client),
      [TIMEOUT_HEADER]: String(TIMEOUT_MS),
      traceparent: formatTraceparent(childTrace(trace)),
    };
  }

  /** @returns undefined when it takes nothing under this name */
  async function call(subgraph: string, name: string, delivery: Delivery): Promise<IngestAnswer | undefined> {
    try {
      const response = await firstAnswer({
        addresses: addresses.get(subgraph)?.() ?? [],
        path: ingestPath(name),
        init: {
          method: "POST",
          headers: { ...(await headersFor(subgraph, delivery)), "content-type": "application/json" },
          body: new Uint8Array(delivery.body),
        },
        timeoutMs: TIMEOUT_MS,
      });
      const body = await response.text();
      return response.headers.get(INGEST_HEADER) === name ? { status: response.status, body } : undefined;
    } catch (cause) {
      const message = "This cannot be taken at the moment: send it again shortly, with the same idempotency keys.";
      throw new AppError("SERVICE_UNAVAILABLE", message, { cause });
    }
  }

  return async (name, delivery) => {
    for (const subgraph of subgraphs) {
      const point = subgraph.ingest?.find((each) => each.name === name);
      if (point === undefined) continue;
      return point.receive({ headers: await headersFor(subgraph.name, delivery), body: delivery.body });
    }
    const taker = takers.get(name);
    if (taker !== undefined) return call(taker, name, delivery);
    let failure: unknown;
    for (const subgraph of addresses.keys()) {
      try {
        const answer = await call(subgraph, name, delivery);
        if (answer === undefined) continue;
        takers.set(name, subgraph);
        return answer;
      } catch (error) {
        // Perhaps another one takes it.
        failure = error;
      }
    }
    if (failure !== undefined) throw failure;
    return undefined;
  };
}
