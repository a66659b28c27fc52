/**
 * Asks all gateways to close a subscription that is none of ours, and answers when they ask. Ends within two seconds:
 * whoever did not answer by then is silent, and it is said so.
 */
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Logger } from "../../platform/logger/logger.ts";
import type { RedisConnection } from "../../platform/redis/redis-connection.ts";
import { closeOwn } from "./directory.ts";
import { closeAnswerSchema, closeRequestSchema, type SharedKeys } from "./shared-keys.ts";
import type { LocalSubscriptionRegistry } from "./subscription-registry.ts";

/** `UNKNOWN`: every gateway that listens has answered, and none of them holds it. */
export type CloseOutcome = "CLOSED" | "UNKNOWN" | "SILENT";

export interface CloseCalls {
  /** @throws Error when the server is away: nothing was asked, or nobody knows what came of it */
  ask(userId: string, id: string): Promise<CloseOutcome>;
}

export interface CloseCallsOptions {
  readonly subscriptionRegistry: LocalSubscriptionRegistry;
  /** For commands. */
  readonly redis: RedisConnection;
  /** Listens and does nothing else. */
  readonly listener: RedisConnection;
  readonly keys: SharedKeys;
  readonly gatewayId: string;
  readonly logger: Logger;
}

interface Question {
  answers: number;
  /** Known once the question was published: answers may come before. */
  listeners: number | undefined;
  readonly settle: (outcome: CloseOutcome) => void;
}

const ANSWER_MS = 2_000;

export function createCloseCalls(options: CloseCallsOptions): CloseCalls {
  const { subscriptionRegistry, redis, listener, keys, gatewayId, logger } = options;
  const questions = new Map<string, Question>();
  let listening = false;

  function judge({ answers, listeners, settle }: Question): void {
    if (listeners !== undefined && answers >= listeners) settle("UNKNOWN");
  }

  function hearQuestion(text: string): void {
    const request = read(closeRequestSchema, text);
    if (request === undefined) return;
    const { requestId, from, userId, id } = request;
    const answer = JSON.stringify({ requestId, closed: closeOwn(subscriptionRegistry, userId, id) });
    redis.client
      .publish(keys.answerChannel(from), answer)
      .catch((error: unknown) => logger.warn({ err: error }, "a request to close a subscription was not answered"));
  }

  function hearAnswer(text: string): void {
    const answer = read(closeAnswerSchema, text);
    const question = answer === undefined ? undefined : questions.get(answer.requestId);
    if (answer === undefined || question === undefined) return;
    question.answers += 1;
    if (answer.closed) question.settle("CLOSED");
    else judge(question);
  }

  async function listen(): Promise<void> {
    listening = false;
    try {
      await listener.client.subscribe(keys.closeChannel, keys.answerChannel(gatewayId));
      listening = true;
    } catch (error) {
      // The connection went again: its return subscribes.
      logger.warn({ err: error }, "no requests to close subscriptions are heard");
    }
  }

  listener.onReady(() => void listen());
  listener.client.on("message", (channel: string, text: string) => {
    if (channel === keys.closeChannel) hearQuestion(text);
    else hearAnswer(text);
  });

  return {
    async ask(userId, id) {
      // Asked all the same, it would be closed and nobody would hear of it: a second try would say that there is none.
      if (!listening || !listener.ready) throw new Error("answers would not be heard");
      const requestId = randomUUID();
      const { promise, resolve } = Promise.withResolvers<CloseOutcome>();
      const question: Question = { answers: 0, listeners: undefined, settle: resolve };
      questions.set(requestId, question);
      const late = setTimeout(() => resolve("SILENT"), ANSWER_MS);
      try {
        const request = { requestId, from: gatewayId, userId, id } satisfies z.infer<typeof closeRequestSchema>;
        // This gateway is one of those who hear it.
        question.listeners = await redis.client.publish(keys.closeChannel, JSON.stringify(request));
        judge(question);
        return await promise;
      } finally {
        clearTimeout(late);
        questions.delete(requestId);
      }
    },
  };
}

/** Another release may send what this one does not understand. */
function read<Schema extends z.ZodType>(schema: Schema, text: string): z.infer<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
