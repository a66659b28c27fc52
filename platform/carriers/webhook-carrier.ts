/**
 * Sends webhooks to endpoints that customers named, signed as https://www.standardwebhooks.com says. It reaches public
 * addresses alone, over HTTPS, and follows no redirect. Time and bytes are bounded, so an endpoint costs seconds and
 * not a worker. The status decides; of the text only the beginning is kept, for whoever looks into it.
 */
import type { Clock } from "../clock.ts";
import { type AddressRule, NotPublic, type ResolveName } from "../http/public-address.ts";
import { createPublicFetch } from "../http/public-fetch.ts";
import { cleanLine } from "../validation/text/clean-line.ts";
import { signatureHeaders } from "../webhooks/webhook-signature.ts";
import { type Carrier, CarrierFailure } from "./carrier.ts";

export interface WebhookMessage {
  /** The same each time that it is sent: the endpoint knows by it what it has already. */
  readonly id: string;
  /** As `requireWebhookUrl` gave it. */
  readonly url: string;
  /** JSON; sent byte for byte. */
  readonly body: string;
  /** All that are live (`whsec_…`): the endpoint needs to know one of them. */
  readonly secrets: readonly string[];
}

export interface WebhookCarrierOptions {
  readonly clock: Clock;
  /** Whether private addresses are reached, too, and plain HTTP: on a developer's machine. */
  readonly allowPrivate: boolean;
  /** Of one call with its answer, in milliseconds; default: 10 s. */
  readonly timeoutMs?: number;
  /** Which addresses are reached; default: public ones. */
  readonly allows?: AddressRule;
  /** Default: as this machine does. */
  readonly resolve?: ResolveName;
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024;
/** What is kept of an answer, in characters. */
const SNIPPET = 200;
const GONE = 410;
/** Says how long to wait: RFC 9110, 10.2.3; RFC 6585, 4. */
const SAYS_WHEN = new Set([429, 503]);

export function createWebhookCarrier(options: WebhookCarrierOptions): Carrier<WebhookMessage> {
  const { clock, timeoutMs = TIMEOUT_MS } = options;
  const fetch = createPublicFetch({ ...options, timeoutMs, maxBytes: MAX_BYTES, unfinished: "cut" });
  return {
    name: "webhook",
    async send({ id, url, body, secrets }) {
      const headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Tributary-Webhooks/1",
        ...signatureHeaders(secrets, { id, at: clock.now(), body }),
      };
      const answer = await fetch(url, { method: "POST", headers, body }).catch((error: unknown) => {
        throw unreachable(error, timeoutMs);
      });
      const said = saidBy(answer.status, await answer.text());
      if (answer.ok) return said;
      const retryAfter = SAYS_WHEN.has(answer.status) ? answer.headers.get("retry-after") : null;
      throw new CarrierFailure(`The endpoint did not take it: ${said}`, {
        permanent: answer.status === GONE,
        retryAfterMs: retryAfter === null ? undefined : retryAfterMs(retryAfter, clock.now()),
      });
    },
    close: () => fetch.close(),
  };
}

function saidBy(status: number, text: string): string {
  // Far more than is kept, since what shows nothing is taken out.
  const snippet = cleanLine(text.slice(0, 10 * SNIPPET).toWellFormed())
    .slice(0, SNIPPET)
    .toWellFormed();
  return snippet === "" ? `answer ${status}` : `answer ${status}: ${snippet}`;
}

/** @returns undefined for what is neither seconds nor a date (RFC 9110, 10.2.3) */
function retryAfterMs(value: string, now: Date): number | undefined {
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1_000;
  const until = Date.parse(value);
  return Number.isNaN(until) ? undefined : Math.max(0, until - now.getTime());
}

/** Says by a code alone what went wrong: a system's own message names its addresses. */
function unreachable(error: unknown, timeoutMs: number): CarrierFailure {
  const temporary = { permanent: false };
  if (error instanceof NotPublic) return new CarrierFailure(`The endpoint is not called: ${error.message}.`, temporary);
  const { name = "", code }: { name?: unknown; code?: unknown } = error instanceof Error ? error : {};
  if (name === "TimeoutError" || TIMEOUTS.has(String(code))) {
    return new CarrierFailure(`The endpoint gave no answer within ${timeoutMs / 1_000} s.`, temporary);
  }
  const why = typeof code === "string" ? code : "it broke off";
  return new CarrierFailure(`The endpoint could not be called (${why}).`, temporary);
}

/** Of undici: it gives up earlier than the call where its own limits are lower. */
const TIMEOUTS = new Set(["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);
