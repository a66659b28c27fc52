// Calls the webhook of the payment provider as the sandbox would.
import { createHmac } from "node:crypto";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { singleHeaders } from "../../../../platform/http/single-headers.ts";
import { WEBHOOK_SECRET } from "./billing-fixture.ts";

export interface Told {
  readonly id: string;
  readonly type: string;
  readonly object: object;
}

/** @returns a call that answers the status */
export function providerCalls(subgraph: () => Subgraph): (told: Told) => Promise<number | string> {
  return async ({ id, type, object }) => {
    const body = JSON.stringify({ id, object: "event", type, data: { object } });
    const at = Math.floor(Date.now() / 1_000);
    const signature = createHmac("sha256", WEBHOOK_SECRET).update(`${at}.${body}`).digest("hex");
    const headers = singleHeaders({ "stripe-signature": `t=${at},v1=${signature}` });
    const webhook = subgraph().webhooks?.find(({ name }) => name === "sandbox");
    const answer = await webhook?.receive({ headers, query: new URLSearchParams(), body: Buffer.from(body) });
    return answer?.status ?? "no answer";
  };
}
