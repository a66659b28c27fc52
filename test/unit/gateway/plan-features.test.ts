// What is asked of billing, how often, and what is said while it cannot be asked.
import type { FormattedExecutionResult } from "graphql";
import { expect, onTestFinished, test, vi } from "vitest";
import { createPlanFeatures } from "../../../gateway/limits/plan-features.ts";
import type { OperationRequest } from "../../../gateway/ports.ts";
import { createMemoryCache } from "../../../platform/cache/memory-cache.ts";
import { createLogger } from "../../../platform/logger/logger.ts";
import { namedId } from "../../support/identities.ts";
import { createMemoryLog, envelopeText } from "./live/memory-log.ts";

interface RunningPlan {
  readonly status?: string;
  readonly quantity?: number;
  readonly limits: Readonly<Record<string, string | null>>;
}

const ORG = namedId("org", "works");
const OTHER = namedId("org", "other works");
const STARTER: RunningPlan = { limits: { live_connections: "25", seats: "5" } };

function answerOf(plans: readonly RunningPlan[]): FormattedExecutionResult {
  const edges = plans.map(({ status = "ACTIVE", quantity = 1, limits }) => ({
    node: {
      status,
      quantity,
      plan: { features: Object.entries(limits).map(([key, limit]) => ({ key, limit })) },
    },
  }));
  return { data: { organization: { billingAccount: { subscriptions: { edges } } } } };
}

async function build(answer: (organizationId: string) => FormattedExecutionResult | Promise<FormattedExecutionResult>) {
  const log = createMemoryLog("billing.events");
  const asked: OperationRequest[] = [];
  let now = Date.now();
  let interrupt: ((problem: Error) => void) | undefined;
  const features = createPlanFeatures({
    executor: {
      async execute(request) {
        asked.push(request);
        return answer(String(request.variables?.["organization"]));
      },
    },
    cache: createMemoryCache({ maxEntries: 100, clock: { now: () => new Date(now) } }),
    eventLog: {
      ...log,
      tail(options) {
        interrupt = options.onInterruption;
        return log.tail(options);
      },
    },
    logger: createLogger({ name: "plans", level: "silent" }),
  });
  await features.start?.();
  onTestFinished(() => features.stop?.());
  return {
    asked,
    limit: (organizationId: string = ORG, key = "live_connections") => features.limit(organizationId, key),
    pass(ms: number) {
      now += ms;
    },
    async happen(type: string, organizationId: string = ORG) {
      await log.append("billing.events", [
        { key: organizationId, value: envelopeText(organizationId, 1, { type, orgid: organizationId }) },
      ]);
      await log.advance();
    },
    interrupt: () => interrupt?.(new Error("away")),
  };
}

test.each<[string, readonly RunningPlan[], bigint | null | undefined]>([
  ["one plan", [STARTER], 25n],
  ["a plan bought three times", [{ ...STARTER, quantity: 3 }], 75n],
  ["two plans", [STARTER, { limits: { live_connections: "500" } }], 525n],
  ["a plan without a limit beside one", [STARTER, { limits: { live_connections: null } }, STARTER], null],
  ["a late payment", [{ ...STARTER, status: "PAST_DUE" }], 25n],
  [
    "a plan that was never paid, one that ended",
    ["INCOMPLETE", "CANCELED"].map((status) => ({ ...STARTER, status })),
    undefined,
  ],
  ["a plan that does not speak of it", [{ limits: { seats: "5" } }], undefined],
  ["no plan", [], undefined],
])("%s", async (_, plans, expected) => {
  const { limit } = await build(() => answerOf(plans));
  expect(await limit()).toBe(expected);
});

test("billing is asked once for many callers and features, with the right to read this organization's billing alone", async () => {
  const { asked, limit } = await build(() => answerOf([STARTER]));
  expect(await Promise.all([limit(), limit(ORG, "seats"), limit(), limit(ORG, "unheard")])).toEqual([
    25n,
    5n,
    25n,
    undefined,
  ]);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.context).toMatchObject({
    identity: { kind: "AUDIENCE", grants: new Map([[ORG, new Set(["billing.read"])]]) },
    client: {},
    forwardedHeaders: {},
  });
});

test("another plan counts as soon as its event arrives, for its organization, and after a minute without one", async () => {
  let plans = [STARTER];
  const { asked, limit, happen, pass } = await build(() => answerOf(plans));
  await limit();
  await limit(OTHER);
  plans = [{ limits: { live_connections: "500" } }];
  await happen("billing.invoice.paid.v1");
  expect(await limit()).toBe(25n);
  await happen("billing.subscription.activated.v1");
  expect([await limit(), await limit(OTHER)]).toEqual([500n, 25n]);
  expect(asked).toHaveLength(3);
  pass(60_001);
  expect(await limit(OTHER)).toBe(500n);
});

test("an answer that was asked for before the plan changed is not kept", async () => {
  const first = Promise.withResolvers<FormattedExecutionResult>();
  const answers = [first.promise, answerOf([{ limits: { live_connections: "500" } }])];
  const { asked, limit, happen } = await build(() => answers.shift() ?? answerOf([]));
  const early = limit();
  await expect.poll(() => asked.length).toBe(1);
  await happen("billing.subscription.activated.v1");
  first.resolve(answerOf([STARTER]));
  expect(await early).toBe(25n);
  expect(await limit()).toBe(500n);
});

test("an interruption of the events makes everything asked anew", async () => {
  const { asked, limit, interrupt } = await build(() => answerOf([STARTER]));
  await limit();
  interrupt();
  await limit();
  expect(asked).toHaveLength(2);
});

test.each<[string, () => FormattedExecutionResult]>([
  ["an error", () => ({ data: null, errors: [{ message: "away" }] })],
  ["an answer of another shape", () => ({ data: { organization: null } })],
  [
    "an exception",
    () => {
      throw new Error("away");
    },
  ],
])("%s limits nothing and is not asked for again at once", async (_, fail) => {
  let away = true;
  const { asked, limit, pass } = await build(() => (away ? fail() : answerOf([STARTER])));
  expect([await limit(), await limit(), await limit(ORG, "seats")]).toEqual([undefined, undefined, undefined]);
  expect(asked).toHaveLength(1);
  away = false;
  pass(5_001);
  expect(await limit()).toBe(25n);
});

test("an organization whose account is not open yet is limited by nothing", async () => {
  const { limit } = await build(() => ({ data: { organization: { billingAccount: null } } }));
  expect(await limit()).toBeUndefined();
});

test("nobody waits longer than a second for billing, and its late answer counts for those who ask later", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const late = Promise.withResolvers<FormattedExecutionResult>();
  const { asked, limit } = await build(() => late.promise);
  const early = limit();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await early).toBeUndefined();
  expect(await limit()).toBeUndefined();
  late.resolve(answerOf([STARTER]));
  await vi.advanceTimersByTimeAsync(0);
  expect(await limit()).toBe(25n);
  expect(asked).toHaveLength(1);
});
