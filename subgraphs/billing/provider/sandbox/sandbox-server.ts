/**
 * The sandbox as a service of its own: the part of Stripe's API that our adapter uses, over HTTP on the loopback
 * interface. So the adapter that moves money is the one that every test and every developer's machine exercises.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Clock } from "../../../../platform/clock.ts";
import { createServer } from "../../../../platform/http/create-server.ts";
import type { Logger } from "../../../../platform/logger/logger.ts";
import { actionPage } from "./action-page.ts";
import {
  type Dispute,
  digest,
  type Intent,
  type Refund,
  type SandboxLedger,
  SandboxRefusal,
} from "./sandbox-ledger.ts";
import {
  declineOf,
  disputeObject,
  eventObject,
  intentObject,
  methodObject,
  refundObject,
  type SandboxEvent,
} from "./stripe-objects.ts";

export interface SandboxServerOptions {
  readonly ledger: SandboxLedger;
  /** Callers bring it as a bearer token; the pages for payers need none. */
  readonly apiKey: string;
  /** Of the server itself, without a slash at its end; known once it listens. */
  readonly ownUrl: () => string;
  /** How long slow cards stay undecided, in milliseconds. */
  readonly delayMs: number;
  readonly tell: (event: SandboxEvent) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MAX_BODY_BYTES = 64 * 1024;
const REMEMBERED_ANSWERS = 2_000;

const METADATA_FIELD = /^metadata\[(\w{1,40})\]$/;
const amount = z.coerce.number().int().min(0);
const idParams = z.object({ id: z.string() });
const attachForm = z.object({ customer: z.string() });
const intentForm = z.object({
  amount,
  currency: z.string().length(3),
  payment_method: z.string(),
  customer: z.string().nullable().default(null),
  return_url: z.string().nullable().default(null),
});
const listQuery = z.object({ customer: z.string().optional(), "created[gte]": z.coerce.number().default(0) });
const refundForm = z.object({ payment_intent: z.string(), amount });
const refundsQuery = z.object({ payment_intent: z.string() });
const disputeForm = z.object({ payment_intent: z.string() });
const endForm = z.object({ status: z.enum(["won", "lost"]) });
const actionForm = z.object({ decision: z.enum(["confirmed", "declined"]) });

type Form = Readonly<Record<string, string>>;

interface Answer {
  readonly status: number;
  readonly body: object;
  /** It is made, and never sent. */
  readonly lost?: boolean;
}

export function createSandboxServer(options: SandboxServerOptions): FastifyInstance {
  const { ledger, apiKey, ownUrl, delayMs, tell, clock, logger } = options;
  const server = createServer({ logger, maxBodyBytes: MAX_BODY_BYTES });
  /** By idempotency key. */
  const answers = new LRUCache<string, { readonly request: string; readonly answer: Answer }>({
    max: REMEMBERED_ANSWERS,
  });
  const timers = new Set<NodeJS.Timeout>();

  const shown = (intent: Intent) => intentObject(ledger, intent, `${ownUrl()}/actions/${intent.id}`);
  const ok = (body: object): Answer => ({ status: 200, body });

  function news(of: { readonly id: string }, type: string, about: object): void {
    tell(eventObject(`evt_${digest(`${of.id} ${type}`)}`, type, about, clock.now()));
  }

  const NEWS = {
    succeeded: "payment_intent.succeeded",
    requires_payment_method: "payment_intent.payment_failed",
    canceled: "payment_intent.canceled",
    processing: "payment_intent.processing",
    requires_action: "payment_intent.requires_action",
  } as const;

  function tellOf(intent: Intent): void {
    const status = ledger.statusOf(intent);
    news(intent, NEWS[status], shown(intent));
    if (status === "processing") tellLater(() => tellOf(intent));
  }

  function tellOfRefund(refund: Refund, what: "created" | "failed"): void {
    news(refund, `refund.${what}`, refundObject(ledger, refund));
    if (what === "created" && ledger.statusOfRefund(refund) === "pending") {
      tellLater(() => tellOfRefund(refund, "failed"));
    }
  }

  /** The clock of what is decided may be another than the machine's. */
  function tellLater(tell: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      tell();
    }, delayMs);
    timer.unref();
    timers.add(timer);
  }

  function createIntent(form: Form, key: string): Answer {
    const { payment_method: method, return_url: returnUrl, ...asked } = intentForm.parse(form);
    const { intent, card } = ledger.createIntent({ ...asked, key, method, returnUrl, metadata: metadataOf(form) });
    tellOf(intent);
    if (card.isDisputed === true) tellOfDispute(ledger.dispute(intent), "created");
    const lost = card.losesAnswer === true ? { lost: true } : {};
    if (ledger.statusOf(intent) !== "requires_payment_method") return { ...ok(shown(intent)), ...lost };
    const error = { ...declineOf(ledger.failureOf(intent)), payment_intent: shown(intent) };
    return { status: 402, body: { error } };
  }

  function tellOfDispute(dispute: Dispute, what: "created" | "closed"): void {
    news(dispute, `charge.dispute.${what}`, disputeObject(dispute));
  }

  server.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });
  server.addHook("onClose", async () => {
    for (const timer of timers) clearTimeout(timer);
  });

  /** Answers as Stripe does: a key that was used answers the same, and another request under it is an error. */
  async function answer(request: FastifyRequest, reply: FastifyReply, work: (form: Form, key: string) => Answer) {
    const sentKey = request.headers["idempotency-key"];
    const key = String(sentKey ?? request.id);
    const form = readForm(request.body);
    const text = JSON.stringify([request.url, form]);
    const known = sentKey === undefined ? undefined : answers.get(key);
    if (known !== undefined && known.request !== text) {
      return reply.status(400).send(failure("idempotency_error", "idempotency_error", "The key stands for another."));
    }
    const made = known?.answer ?? attempt(() => work(form, key));
    if (sentKey !== undefined && known === undefined && made.status < 500)
      answers.set(key, { request: text, answer: { ...made, lost: false } });
    if (made.lost === true) return reply.hijack();
    return reply.status(made.status).send(made.body);
  }

  server.register(async (scope) => {
    scope.addHook("onRequest", async (request, reply) => {
      if (request.headers.authorization === `Bearer ${apiKey}`) return;
      await reply.status(401).send(failure("invalid_request_error", "api_key_invalid", "Invalid API key."));
    });
    scope.post("/v1/customers", (request, reply) =>
      answer(request, reply, (_form, key) => ok({ id: `sbx_cus_${key.slice(0, 24)}`, object: "customer" })),
    );
    scope.post("/v1/payment_methods/:id/attach", (request, reply) =>
      answer(request, reply, (form, key) => {
        const { customer } = attachForm.parse(form);
        return ok(methodObject(ledger.attach(idParams.parse(request.params).id, key), customer));
      }),
    );
    scope.post("/v1/payment_methods/:id/detach", (request, reply) =>
      answer(request, reply, () => ok({ ...idParams.parse(request.params), object: "payment_method", customer: null })),
    );
    scope.post("/v1/payment_intents", (request, reply) => answer(request, reply, createIntent));
    scope.get("/v1/payment_intents", async (request) => {
      const { customer, "created[gte]": since } = listQuery.parse(request.query);
      const found = ledger
        .intentsSince(since)
        .filter((intent) => customer === undefined || intent.customer === customer);
      return { object: "list", url: "/v1/payment_intents", has_more: false, data: found.map(shown) };
    });
    scope.get("/v1/payment_intents/:id", (request, reply) =>
      answer(request, reply, () => ok(shown(ledger.intent(idParams.parse(request.params).id)))),
    );
    scope.post("/v1/payment_intents/:id/cancel", (request, reply) =>
      answer(request, reply, () => {
        const canceled = ledger.decide(idParams.parse(request.params).id, "canceled");
        tellOf(canceled);
        return ok(shown(canceled));
      }),
    );
    scope.post("/v1/refunds", (request, reply) =>
      answer(request, reply, (form, key) => {
        const { payment_intent: intent, ...asked } = refundForm.parse(form);
        const refund = ledger.refund(key, { ...asked, intent, metadata: metadataOf(form) });
        tellOfRefund(refund, "created");
        return ok(refundObject(ledger, refund));
      }),
    );
    scope.get("/v1/refunds", async (request) => {
      const found = ledger.refundsOf(refundsQuery.parse(request.query).payment_intent);
      const data = found.map((refund) => refundObject(ledger, refund));
      return { object: "list", url: "/v1/refunds", has_more: false, data };
    });
    scope.get("/v1/refunds/:id", (request, reply) =>
      answer(request, reply, () => ok(refundObject(ledger, ledger.findRefund(idParams.parse(request.params).id)))),
    );
    scope.get("/v1/disputes/:id", (request, reply) =>
      answer(request, reply, () => ok(disputeObject(ledger.findDispute(idParams.parse(request.params).id)))),
    );
    // What banks and payers do, which Stripe has no address for.
    scope.post("/sandbox/disputes", (request, reply) =>
      answer(request, reply, (form) => {
        const dispute = ledger.dispute(ledger.intent(disputeForm.parse(form).payment_intent));
        tellOfDispute(dispute, "created");
        return ok(disputeObject(dispute));
      }),
    );
    scope.post("/sandbox/disputes/:id/close", (request, reply) =>
      answer(request, reply, (form) => {
        const dispute = ledger.findDispute(idParams.parse(request.params).id);
        dispute.status = endForm.parse(form).status;
        tellOfDispute(dispute, "closed");
        return ok(disputeObject(dispute));
      }),
    );
  });

  server.get("/actions/:id", async (request, reply) => {
    const intent = ledger.intent(idParams.parse(request.params).id);
    return reply.type("text/html; charset=utf-8").send(actionPage(intent, ledger.statusOf(intent)));
  });
  server.post("/actions/:id", async (request, reply) => {
    const { decision } = actionForm.parse(readForm(request.body));
    const decided = ledger.decide(idParams.parse(request.params).id, decision);
    tellOf(decided);
    return reply.redirect(decided.returnUrl ?? `${ownUrl()}/actions/${decided.id}`, 303);
  });
  return server;
}

const formSchema = z.record(z.string(), z.string());

const readForm = (body: unknown): Form => formSchema.catch({}).parse(body ?? {});

function metadataOf(form: Form): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(form)) {
    const [, key] = METADATA_FIELD.exec(name) ?? [];
    if (key !== undefined) metadata[key] = value;
  }
  return metadata;
}

function attempt(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof SandboxRefusal) {
      return { status: 400, body: failure("invalid_request_error", error.code, error.message) };
    }
    if (error instanceof z.ZodError) {
      return { status: 400, body: failure("invalid_request_error", "parameter_invalid", z.prettifyError(error)) };
    }
    throw error;
  }
}

function failure(type: string, code: string, message: string) {
  return { error: { type, code, message } };
}
