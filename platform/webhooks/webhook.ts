/**
 * Webhooks that other services call: `POST /webhooks/<subgraph>/<name>` at the gateway, or `POST /webhooks/<name>`.
 * Whoever calls is known by a signature over the body, or by what the address says. So the body travels as the bytes
 * that it is.
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
   * @returns what to answer; nothing: 204
   * @throws AppError what is wrong with it
   */
  receive(request: WebhookRequest): Promise<WebhookAnswer | undefined>;
}

export interface WebhookAnswer {
  readonly status: number;
  /** JSON, where there is any. */
  readonly body?: string;
}

/**
 * @param subgraph undefined: whichever has it
 * @returns undefined where there is no such webhook
 * @throws AppError
 */
export type WebhookReceiver = (
  subgraph: string | undefined,
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
    const meant = subgraph === undefined ? subgraphs : subgraphs.filter((each) => each.name === subgraph);
    const webhook = meant.flatMap(({ webhooks = [] }) => webhooks).find((each) => each.name === name);
    return webhook === undefined ? undefined : ((await webhook.receive(request)) ?? TAKEN);
  };
}
