/**
 * Sends the sandbox's webhooks, signed as Stripe signs them, again and again until they are taken. `unruly`, it sends
 * them late, several times and in any order, as providers may.
 */
import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../../../platform/clock.ts";
import type { Logger } from "../../../../platform/logger/logger.ts";
import type { SandboxEvent } from "./stripe-objects.ts";

export interface WebhookSenderOptions {
  readonly url: string;
  readonly secret: string;
  readonly manner: "prompt" | "unruly";
  readonly clock: Clock;
  readonly logger: Logger;
}

const TIMEOUT_MS = 5_000;
const ATTEMPTS = 12;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 60_000;
const UNRULY = { copies: 3, lateMs: 3_000 };

export interface WebhookSender {
  send(event: SandboxEvent): void;
  stop(): Promise<void>;
}

export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { url, secret, manner, clock, logger } = options;
  const abort = new AbortController();
  const sending = new Set<Promise<void>>();

  async function deliver(event: SandboxEvent, lateMs: number): Promise<void> {
    await sleep(lateMs, undefined, { signal: abort.signal });
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (await isTaken(event)) return;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS);
      await sleep(pauseMs, undefined, { signal: abort.signal });
    }
    logger.warn({ event: event.type, url }, "the sandbox provider gave up telling the platform of an event");
  }

  async function isTaken(event: SandboxEvent): Promise<boolean> {
    const body = JSON.stringify(event);
    const at = Math.floor(clock.now().getTime() / 1_000);
    const signature = createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
    const headers = { "content-type": "application/json", "stripe-signature": `t=${at},v1=${signature}` };
    const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const response = await fetch(url, { method: "POST", headers, body, signal });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  function begin(event: SandboxEvent, lateMs: number): void {
    const delivery = deliver(event, lateMs)
      // It is stopped.
      .catch(() => undefined)
      .finally(() => sending.delete(delivery));
    sending.add(delivery);
  }

  return {
    send(event) {
      if (abort.signal.aborted) return;
      if (manner === "prompt") begin(event, 0);
      else for (let copy = 0; copy < UNRULY.copies; copy += 1) begin(event, Math.random() * UNRULY.lateMs);
    },
    async stop() {
      abort.abort();
      await Promise.all(sending);
    },
  };
}
