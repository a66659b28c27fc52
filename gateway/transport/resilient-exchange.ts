/**
 * Calls one subgraph through any of its instances. A call that may be repeated goes to another instance at once when
 * the connection is refused or cut. It is also sent again after the policy's pauses. All attempts share one deadline,
 * and each passes it on. Other calls are sent again only if they never left. When no instance may be called, a call
 * fails at once. The last instance is left alone for being slow only when it answers nobody at all.
 */
import { DelegateBackoff, handleWhen, type IRetryBackoffContext, type RetryPolicy, retry } from "cockatiel";
import { TIMEOUT_HEADER } from "../../platform/graphql/request-deadline.ts";
import type { Balancer } from "./balancer.ts";
import { type FailureKind, failureKind, NoInstanceError } from "./call-failure.ts";
import type { CallPolicy } from "./call-policy.ts";
import type { HttpExchange, PostRequest } from "./http-exchange.ts";
import type { Instance } from "./instance.ts";

type Answer = Awaited<ReturnType<HttpExchange["post"]>>;

export interface ResilientExchangeOptions {
  readonly exchange: Pick<HttpExchange, "post">;
  readonly balancer: Balancer;
  readonly policy: CallPolicy;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Pauses differ by so much at most, so that those who wait do not come back together. */
const JITTER = 0.2;

/** `url` of a request is replaced by that of the instance. */
export function createResilientExchange(options: ResilientExchangeOptions): Pick<HttpExchange, "post"> {
  const { exchange, balancer, policy, now } = options;
  const retries = createRetries(options);

  function timeFor(request: PostRequest, end: number): number {
    const left = Math.max(1, Math.ceil(end - now()));
    return request.repeatable && !request.patient && policy.attemptMs < left ? policy.attemptMs : left;
  }

  function send(instance: Instance, request: PostRequest, timeoutMs: number): Promise<Answer> {
    return exchange.post({
      url: instance.url,
      headers: { ...request.headers, [TIMEOUT_HEADER]: String(timeoutMs) },
      body: request.body,
      timeoutMs,
      signal: request.signal,
      repeatable: request.repeatable,
      patient: request.patient,
    });
  }

  /**
   * One function for the first attempt and the others: a call that succeeds passes one promise more than without all
   * this.
   * @throws CallFailure
   */
  async function attempt(instance: Instance, request: PostRequest, end: number, first: boolean): Promise<Answer> {
    const epochAtBegin = instance.breaker.begin();
    const timeoutMs = timeFor(request, end);
    const { answers } = instance;
    instance.inFlight += 1;
    instance.requests += 1;
    try {
      const answer = await send(instance, request, timeoutMs);
      instance.inFlight -= 1;
      instance.answers += 1;
      instance.breaker.succeeded(epochAtBegin);
      return answer;
    } catch (error) {
      instance.inFlight -= 1;
      const kind = request.signal?.aborted === true ? "final" : failureKind(error);
      const telling = kind !== "silent" || isTelling(instance, answers, timeoutMs);
      tell(instance, epochAtBegin, request, telling ? kind : undefined);
      const failure = new CallFailure(error, kind, kind === "unsent" || (kind !== "final" && request.repeatable));
      if (first) return recover(failure, instance, request, end);
      throw failure;
    }
  }

  /** @param kind absent: the failure says nothing about the instance */
  function tell(instance: Instance, epochAtBegin: number, request: PostRequest, kind: FailureKind | undefined): void {
    const callerAborted = request.signal?.aborted === true;
    if (!callerAborted) instance.failures += 1;
    if (callerAborted || kind === undefined) instance.breaker.abandoned(epochAtBegin);
    else if (kind === "final") instance.breaker.succeeded(epochAtBegin);
    else instance.breaker.failed(epochAtBegin);
  }

  /** @param answers how many the instance had given before it was silent */
  function isTelling(instance: Instance, answers: number, timeoutMs: number): boolean {
    // The request may have had hardly any time left.
    if (timeoutMs < policy.attemptMs) return false;
    // One that is only slow is still better than none.
    return instance.answers === answers || balancer.hasOther(instance);
  }

  /** One instance after the other, for as long as connections are refused or cut. */
  async function elsewhere(
    failure: CallFailure,
    tried: Set<Instance>,
    request: PostRequest,
    end: number,
  ): Promise<Answer> {
    let last = failure;
    while (last.repeatable && (last.kind === "unsent" || last.kind === "cut") && now() < end) {
      const instance = balancer.pick(false, tried);
      if (instance === undefined) break;
      tried.add(instance);
      instance.retries += 1;
      try {
        return await attempt(instance, request, end, false);
      } catch (error) {
        last = asFailure(error);
      }
    }
    throw last;
  }

  async function again(request: PostRequest, end: number): Promise<Answer> {
    if (request.signal?.aborted === true) throw new CallFailure(request.signal.reason, "final", false);
    const instance = balancer.pick(false);
    if (instance === undefined) throw new CallFailure(new NoInstanceError(), "unsent", true);
    instance.retries += 1;
    try {
      return await attempt(instance, request, end, false);
    } catch (error) {
      return elsewhere(asFailure(error), new Set([instance]), request, end);
    }
  }

  /** @throws the failure of the last attempt */
  async function recover(failure: CallFailure, tried: Instance, request: PostRequest, end: number): Promise<Answer> {
    try {
      return await retries.execute(({ attempt: round }) => {
        const sent = round === 0 ? elsewhere(failure, new Set([tried]), request, end) : again(request, end);
        return sent.catch((error: unknown) => {
          const last = asFailure(error);
          const pause = policy.retryDelaysMs[round] ?? 0;
          // A pause that ends behind the deadline is none.
          last.worthwhile = last.repeatable && request.signal?.aborted !== true && now() + pause < end;
          throw last;
        });
      }, request.signal);
    } catch (error) {
      throw error instanceof CallFailure ? error.cause : error;
    }
  }

  return {
    post(request) {
      const instance = balancer.pick(request.repeatable);
      if (instance === undefined) return Promise.reject(new NoInstanceError());
      return attempt(instance, request, now() + request.timeoutMs, true);
    },
  };
}

class CallFailure extends Error {
  readonly kind: FailureKind;
  /** May the call be sent again? */
  readonly repeatable: boolean;
  /** Is there time for it? */
  worthwhile = false;

  constructor(cause: unknown, kind: FailureKind, repeatable: boolean) {
    super("an attempt failed", { cause });
    this.kind = kind;
    this.repeatable = repeatable;
  }
}

function asFailure(error: unknown): CallFailure {
  return error instanceof CallFailure ? error : new CallFailure(error, "failed", false);
}

function createRetries({ policy, random }: ResilientExchangeOptions): RetryPolicy {
  const pause = ({ attempt }: IRetryBackoffContext<unknown>) =>
    (policy.retryDelaysMs[attempt - 1] ?? 0) * (1 - JITTER / 2 + JITTER * random());
  return retry(
    handleWhen((error) => error instanceof CallFailure && error.worthwhile),
    { maxAttempts: policy.retryDelaysMs.length, backoff: new DelegateBackoff(pause) },
  );
}
