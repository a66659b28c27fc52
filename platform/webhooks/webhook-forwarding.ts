/**
 * Webhooks of subgraphs in other processes: a call goes on as it came, with the headers of its signature alone, to the
 * first process that can be reached. It is sent again where an answer was lost: webhooks bear that.
 */
import { AppError } from "../errors/app-error.ts";
import { firstAnswer } from "../http/first-answer.ts";
import type { WebhookReceiver, WebhookRequest } from "./webhook.ts";

const TIMEOUT_MS = 10_000;
const NOT_FOUND = 404;
const PASSED_ON = ["content-type", "webhook-id", "webhook-timestamp", "webhook-signature", "stripe-signature"];

/** @param addresses of each subgraph, without a path, in the order in which they are tried */
export function forwardWebhooks(addresses: ReadonlyMap<string, () => readonly string[]>): WebhookReceiver {
  async function forward(subgraph: string, name: string, { headers, query, body }: WebhookRequest) {
    const own = addresses.get(subgraph)?.();
    if (own === undefined) return undefined;
    const passed = new Headers();
    for (const header of PASSED_ON) {
      const value = headers[header];
      if (value !== undefined) passed.set(header, value);
    }
    try {
      const response = await firstAnswer({
        addresses: own,
        path: `/webhooks/${encodeURIComponent(subgraph)}/${encodeURIComponent(name)}?${query}`,
        init: { method: "POST", headers: passed, body: new Uint8Array(body) },
        timeoutMs: TIMEOUT_MS,
      });
      const text = await response.text();
      return text === "" ? { status: response.status } : { status: response.status, body: text };
    } catch (cause) {
      const message = "The call cannot be taken at the moment: send it again shortly.";
      throw new AppError("SERVICE_UNAVAILABLE", message, { cause });
    }
  }

  return async (subgraph, name, request) => {
    if (subgraph !== undefined) return forward(subgraph, name, request);
    for (const each of addresses.keys()) {
      const answer = await forward(each, name, request);
      if (answer !== undefined && answer.status !== NOT_FOUND) return answer;
    }
    return undefined;
  };
}
