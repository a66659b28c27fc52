// Whatever instances do, and whenever: what holds for each call.
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { createBalancer } from "../../../../gateway/transport/balancer.ts";
import { NoAnswerError } from "../../../../gateway/transport/call-failure.ts";
import { callPolicy } from "../../../../gateway/transport/call-policy.ts";
import { createParseCache } from "../../../../gateway/transport/parse-cache.ts";
import { createResilientExchange } from "../../../../gateway/transport/resilient-exchange.ts";
import { subgraphCallSettings } from "../../../../platform/config/service-settings.ts";

const policy = callPolicy(
  z.object(subgraphCallSettings).parse({ SUBGRAPH_ATTEMPT_MS: "700", SUBGRAPH_RETRIES: "300,600" }),
  "billing",
);
const TIMEOUT_MS = 2_500;
const BEHAVIOURS = ["answers", "answers", "refuses", "cuts", "is silent", "answers late"] as const;
type Behaviour = (typeof BEHAVIOURS)[number];

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("call" as const), repeatable: fc.boolean(), leaves: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      instance: fc.nat(3),
      behaviour: fc.constantFrom<Behaviour>(...BEHAVIOURS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(1_500) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("list" as const),
      instances: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
    }),
  },
);

interface Call {
  readonly repeatable: boolean;
  readonly leaves: boolean;
  readonly began: number;
  readonly attempts: { readonly instance: string; outcome: Behaviour | "left" | undefined }[];
  settled: { readonly at: number; readonly answered: boolean } | undefined;
}

test("calls end by their deadline, commands are never repeated once they left, and nothing stays in flight [S62] [S64]", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const behaviours = new Map<string, Behaviour>();
      const calls = new Map<string, Call>();
      const everybody = new Set<ReturnType<typeof createBalancer>["instances"][number]>();
      const memory = createParseCache();
      const wrong: string[] = [];
      const balancer = createBalancer(policy, () => performance.now());
      const list = (instances: readonly number[]) => {
        balancer.replace(instances.map((id) => ({ id: `i${id}`, url: new URL(`http://i${id}/graphql`) })));
        for (const instance of balancer.instances) everybody.add(instance);
      };
      list([0, 1]);
      const exchange = createResilientExchange({
        balancer,
        policy,
        now: () => performance.now(),
        random: () => 0.5,
        exchange: {
          post({ url, body, timeoutMs, signal }) {
            const outcome = behaviours.get(url.hostname) ?? "answers";
            const attempt: Call["attempts"][number] = { instance: url.hostname, outcome };
            calls.get(body)?.attempts.push(attempt);
            const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof memory.read>>();
            const answer = () => resolve(memory.read(body, Buffer.from("{}")));
            let over = false;
            const end = () => {
              over = true;
            };
            promise.then(end, end);
            const gone = () => {
              if (over) return;
              attempt.outcome = "left";
              reject(new Error("left"));
            };
            // Whoever left is asked for no more.
            if (signal?.aborted === true) wrong.push(`${body} was sent for nobody`);
            signal?.addEventListener("abort", gone);
            if (outcome === "answers") answer();
            else if (outcome === "refuses") reject(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
            else if (outcome === "cuts") reject(Object.assign(new Error("cut"), { code: "ECONNRESET" }));
            else setTimeout(() => reject(new NoAnswerError(timeoutMs)), timeoutMs);
            if (outcome === "answers late") setTimeout(answer, 200);
            return promise;
          },
        },
      });

      for (const next of steps) {
        if (next.kind === "wait") await vi.advanceTimersByTimeAsync(next.ms);
        else if (next.kind === "change") behaviours.set(`i${next.instance}`, next.behaviour);
        else if (next.kind === "list") list(next.instances);
        else begin(next.repeatable, next.leaves);
      }
      await vi.advanceTimersByTimeAsync(2 * TIMEOUT_MS);

      function begin(repeatable: boolean, leaves: boolean): void {
        const body = String(calls.size);
        const call: Call = { repeatable, leaves, began: performance.now(), attempts: [], settled: undefined };
        calls.set(body, call);
        const gone = new AbortController();
        if (leaves) setTimeout(() => gone.abort(), 100);
        const settle = (answered: boolean) => {
          expect(call.settled).toBeUndefined();
          call.settled = { at: performance.now(), answered };
        };
        exchange
          .post({
            url: new URL("http://nobody/graphql"),
            headers: {},
            body,
            timeoutMs: TIMEOUT_MS,
            signal: gone.signal,
            repeatable,
            patient: !repeatable,
          })
          .then(
            () => settle(true),
            () => settle(false),
          );
      }

      expect(wrong).toEqual([]);
      for (const { repeatable, leaves, began, attempts, settled } of calls.values()) {
        expect(settled).toBeDefined();
        expect((settled?.at ?? Number.POSITIVE_INFINITY) - began).toBeLessThanOrEqual(TIMEOUT_MS + 1);
        // Only the last attempt may have been answered, and of a command only the last one may have left.
        const before = attempts.slice(0, -1).map(({ outcome }) => outcome);
        expect(before).not.toContain("answers");
        if (!repeatable) expect(before.filter((outcome) => outcome !== "refuses")).toEqual([]);
        if (leaves) expect(before).not.toContain("left");
        // Within a round nobody is asked twice: at most as many attempts as rounds times instances.
        expect(attempts.length).toBeLessThanOrEqual((policy.retryDelaysMs.length + 1) * 4);
      }
      for (const instance of everybody) expect(instance.inFlight).toBe(0);
    }),
    { numRuns: 300 },
  );
});
