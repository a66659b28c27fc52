import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { createBalancer } from "../../../../gateway/transport/balancer.ts";
import { FinalAnswerError, NoAnswerError } from "../../../../gateway/transport/call-failure.ts";
import { type CallPolicy, callPolicy } from "../../../../gateway/transport/call-policy.ts";
import type { PostRequest } from "../../../../gateway/transport/http-exchange.ts";
import { createParseCache } from "../../../../gateway/transport/parse-cache.ts";
import { createResilientExchange } from "../../../../gateway/transport/resilient-exchange.ts";
import { subgraphCallSettings } from "../../../../platform/config/service-settings.ts";
import { TIMEOUT_HEADER } from "../../../../platform/graphql/request-deadline.ts";
import { processorMs } from "../../../support/processor-time.ts";

const settings = z.object(subgraphCallSettings);

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

interface Attempt {
  readonly at: number;
  readonly instance: string;
  readonly request: PostRequest;
}

type Behaviour = "answers" | "is slow" | "is silent" | "refuses" | "cuts" | "answers too much";

const failure = (code: string) => Object.assign(new Error(code), { code });

function silence({ timeoutMs, signal }: PostRequest): Promise<never> {
  return new Promise((_resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswerError(timeoutMs)), timeoutMs);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("gone"));
    });
  });
}

/** Instances that behave as told, and a call to their subgraph. */
function service(behaviours: Readonly<Record<string, Behaviour>>, own: Partial<CallPolicy> = {}) {
  const policy = { ...callPolicy(settings.parse({}), "billing"), ...own };
  const behaviour = new Map(Object.entries(behaviours));
  const attempts: Attempt[] = [];
  const began = performance.now();
  const balancer = createBalancer(policy, () => performance.now());
  balancer.replace([...behaviour.keys()].map((id) => ({ id, url: new URL(`http://${id}/graphql`) })));
  const exchange = createResilientExchange({
    balancer,
    policy,
    now: () => performance.now(),
    random: () => 0.5,
    exchange: {
      async post(request) {
        const instance = request.url.hostname;
        attempts.push({ at: Math.round(performance.now() - began), instance, request });
        const answer = createParseCache().read(request.body, Buffer.from(JSON.stringify({ data: { from: instance } })));
        switch (behaviour.get(instance)) {
          case "answers":
            return answer;
          case "is slow":
            return attempts.length % 3 === 0 ? answer : silence(request);
          case "answers too much":
            throw new FinalAnswerError("too large");
          case "refuses":
            throw failure("ECONNREFUSED");
          case "cuts":
            throw failure("UND_ERR_SOCKET");
          default:
            return silence(request);
        }
      },
    },
  });
  return {
    balancer,
    behaviour,
    attempts,
    /** The answer, or the message of the failure. */
    async ask(request: Partial<PostRequest> = {}): Promise<unknown> {
      const given = {
        url: new URL("http://nobody/graphql"),
        headers: { "x-own": "1" },
        body: "{}",
        timeoutMs: 10_000,
        repeatable: true,
        patient: false,
        ...request,
      };
      try {
        return (await exchange.post(given)).json;
      } catch (error) {
        return error instanceof Error ? error.message : error;
      }
    },
    times: () => attempts.map(({ at }) => at),
  };
}

async function inTime<T>(ms: number, answer: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(ms);
  return answer;
}

test("a query that fails is sent again after 1 s and then 2 s [S62]", async () => {
  const { ask, times } = service({ one: "refuses" });
  expect(await inTime(10_000, ask())).toBe("ECONNREFUSED");
  expect(times()).toEqual([0, 1_000, 3_000]);
});

test("a silent instance is given up before the deadline, so that the query can be sent again [S62]", async () => {
  const { ask, times } = service({ one: "is silent" }, { attemptMs: 1_500 });
  expect(await inTime(10_000, ask())).toMatch(/^no answer within/);
  expect(times()).toEqual([0, 2_500, 6_000]);
});

test("every attempt says how long it is waited for, and none begins behind the deadline [S62]", async () => {
  const { ask, attempts } = service({ one: "is silent" });
  const answer = ask({ timeoutMs: 6_500 });
  expect(await inTime(6_500, answer)).toMatch(/^no answer within/);
  expect(attempts.map(({ at, request }) => [at, request.timeoutMs, request.headers])).toEqual([
    [0, 4_000, { "x-own": "1", [TIMEOUT_HEADER]: "4000" }],
    [5_000, 1_500, { "x-own": "1", [TIMEOUT_HEADER]: "1500" }],
  ]);
});

test("a command that may be repeated is given all the time there is, and sent again only when it failed sooner [S62]", async () => {
  const { ask, attempts } = service({ one: "is silent" });
  expect(await inTime(10_000, ask({ patient: true }))).toMatch(/^no answer within/);
  expect(attempts.map(({ at, request }) => [at, request.timeoutMs])).toEqual([[0, 10_000]]);
  const cutting = service({ one: "cuts" });
  expect(await inTime(10_000, cutting.ask({ patient: true }))).toBe("UND_ERR_SOCKET");
  expect(cutting.times()).toEqual([0, 1_000, 3_000]);
});

test("what may not be repeated is sent once, with all the time there is, unless it never left [S62]", async () => {
  for (const silent of ["is silent", "cuts"] as const) {
    const { ask, times, attempts } = service({ one: silent, other: "answers" });
    // The first of both is asked in turn.
    const answers = await inTime(10_000, Promise.all([ask({ repeatable: false }), ask({ repeatable: false })]));
    expect(answers.filter((answer) => typeof answer === "string")).toHaveLength(1);
    expect(times()).toEqual([0, 0]);
    expect(attempts.map(({ request }) => request.timeoutMs)).toEqual([10_000, 10_000]);
  }
  const refusing = service({ one: "refuses", other: "answers" });
  const answers = await inTime(0, Promise.all([1, 2].map(() => refusing.ask({ repeatable: false }))));
  expect(answers).toEqual([{ data: { from: "other" } }, { data: { from: "other" } }]);
});

test("a refused or cut connection sends a query to another instance at once [S62]", async () => {
  for (const broken of ["refuses", "cuts"] as const) {
    const { ask, balancer, times } = service({ one: broken, two: broken, three: "answers" });
    const answers = await inTime(0, Promise.all(Array.from({ length: 30 }, () => ask())));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['{"data":{"from":"three"}}']));
    expect(Math.max(...times())).toBe(0);
    expect(balancer.instances.map(({ breaker }) => breaker.state)).toEqual(["OPEN", "OPEN", "CLOSED"]);
  }
});

test("with every breaker open a query fails at once, for less than 5 ms of the processor [S64]", async () => {
  const { ask, attempts } = service({ one: "refuses" }, { retryDelaysMs: [], breakerCalls: 2 });
  await ask();
  await ask();
  const asked = attempts.length;
  const spent: number[] = [];
  for (let index = 0; index < 20; index += 1) {
    // The clock stands still: nothing is waited for.
    spent.push(await processorMs(async () => expect(await ask()).toBe("no instance can be asked now")));
  }
  // The collector of garbage may run in some of them.
  expect(Math.min(...spent)).toBeLessThan(5);
  expect(attempts.length).toBe(asked);
});

test("queries follow an instance's outage: they wait for it, leave it alone, try it out and come back [S64] [S65]", async () => {
  const { ask, behaviour, balancer } = service({ one: "refuses" }, { breakerCalls: 2, breakerProbes: 1 });
  const [instance] = balancer.instances;
  const waiting = [ask(), ask()];
  await vi.advanceTimersByTimeAsync(0);
  expect(instance?.breaker.state).toBe("OPEN");
  expect(await ask()).toBe("no instance can be asked now");
  behaviour.set("one", "answers");
  const answers = await inTime(1_000, Promise.all(waiting));
  expect(answers).toEqual([{ data: { from: "one" } }, { data: { from: "one" } }]);
  expect(instance).toMatchObject({ requests: 4, failures: 2, retries: 2, inFlight: 0 });
  expect(instance?.breaker.state).toBe("CLOSED");
});

test("an instance that is due for a trial gets one query, not the traffic; commands stay with those that work [S65]", async () => {
  const { ask, behaviour, attempts, balancer } = service({ one: "refuses", two: "answers" }, { breakerProbes: 1 });
  for (let index = 0; index < 40; index += 1) await ask();
  expect(balancer.instances[0]?.breaker.state).toBe("OPEN");
  await vi.advanceTimersByTimeAsync(1_000);
  behaviour.set("one", "is silent");
  const before = attempts.length;
  expect(await ask({ repeatable: false })).toEqual({ data: { from: "two" } });
  const trial = ask();
  const others = await Promise.all([ask(), ask(), ask()]);
  expect(others).toEqual([1, 2, 3].map(() => ({ data: { from: "two" } })));
  expect(attempts.slice(before).map(({ instance }) => instance)).toEqual(["two", "one", "two", "two", "two"]);
  expect(await inTime(5_000, trial)).toEqual({ data: { from: "two" } });
});

test("what is the request's own fault is not sent again, and takes the instance from nobody else", async () => {
  const { ask, times, balancer } = service({ one: "answers too much", two: "answers too much" });
  for (let index = 0; index < 40; index += 1) expect(await ask()).toBe("too large");
  expect(times()).toHaveLength(40);
  expect(balancer.instances.map(({ breaker }) => breaker.state)).toEqual(["CLOSED", "CLOSED"]);
});

test("a call that had hardly any time left says nothing about the instance, one that had enough does", async () => {
  const { ask, balancer } = service({ one: "is silent" }, { retryDelaysMs: [], breakerCalls: 2 });
  const hurried = Promise.all([1, 2, 3, 4].map(() => ask({ timeoutMs: 50 })));
  expect(await inTime(50, hurried)).toHaveLength(4);
  expect(balancer.instances[0]?.breaker.state).toBe("CLOSED");
  await inTime(4_000, Promise.all([ask(), ask()]));
  expect(balancer.instances[0]?.breaker.state).toBe("OPEN");
});

test("the last instance is not left alone for being slow, only when it answers nobody; one of several is [S64]", async () => {
  const few = { retryDelaysMs: [], breakerCalls: 4 };
  const last = service({ one: "is slow" }, few);
  const answers = await inTime(4_000, Promise.all(Array.from({ length: 12 }, () => last.ask())));
  expect(answers.filter((answer) => typeof answer === "string")).toHaveLength(8);
  expect(last.balancer.instances[0]).toMatchObject({ failures: 8, breaker: { state: "CLOSED" } });
  last.behaviour.set("one", "is silent");
  await inTime(4_000, Promise.all(Array.from({ length: 4 }, () => last.ask())));
  expect(last.balancer.instances[0]?.breaker.state).toBe("OPEN");

  const several = service({ one: "is slow", two: "answers" }, few);
  await inTime(4_000, Promise.all(Array.from({ length: 24 }, () => several.ask())));
  expect(several.balancer.instances.map(({ breaker }) => breaker.state)).toEqual(["OPEN", "CLOSED"]);
});

test("whoever leaves tells nothing about the instance, and nothing is sent again for them", async () => {
  const { ask, times, balancer } = service({ one: "is silent" });
  const gone = new AbortController();
  const answer = ask({ signal: gone.signal });
  await vi.advanceTimersByTimeAsync(100);
  gone.abort(new Error("gone"));
  expect(await inTime(10_000, answer)).toBe("gone");
  expect(times()).toEqual([0]);
  expect(balancer.instances[0]).toMatchObject({ requests: 1, failures: 0, inFlight: 0 });
});
