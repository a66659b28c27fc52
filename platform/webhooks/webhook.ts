/**
 * Webhooks that other services call: `POST /webhooks/<subgraph>/<name>` at the gateway. Whoever calls is known by a
 * signature over the body, or by what the address says. So the body travels as the bytes that it is.
 */
import type { SingleHeaders } from "../http/single-headers.ts";

export interface WebhookRequest {
  readonly headers: SingleHeaders;
  /** What the address says behind its `?`. */
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

export interface InboundWebhook {
  /** The last part of its address. */
  readonly name: string;
  /**
   * Resolves when the call has been taken, for good. The same call may come again.
   * @throws AppError what is wrong with it
   */
  receive(request: WebhookRequest): Promise<void>;
}

export interface WebhookAnswer {
  readonly status: number;
  /** JSON, where there is any. */
  readonly body?: string;
}

/** @returns undefined where there is no such webhook. @throws AppError */
export type WebhookReceiver = (
  subgraph: string,
  name: string,
  request: WebhookRequest,
) => Promise<WebhookAnswer | undefined>;

/** Taken; there is nothing to tell. */
const TAKEN: WebhookAnswer = { status: 204 };

/** Of subgraphs in this process. */
export function localWebhooks(
  subgraphs: readonly { readonly name: string; readonly webhooks?: readonly InboundWebhook[] }[],
): WebhookReceiver {
  return async (subgraph, name, request) => {
    const { webhooks = [] } = subgraphs.find((each) => each.name === subgraph) ?? {};
    const webhook = webhooks.find((each) => each.name === name);
    if (webhook === undefined) return undefined;
    await webhook.receive(request);
    return TAKEN;
  };
}
