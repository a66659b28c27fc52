/**
 * What an organisation's plans grant, as billing tells it through the graph. Another plan counts as soon as its event
 * arrives, and after a minute even when no event ever does. What cannot be found out limits nobody: callers go on with
 * the limits they know themselves.
 */
import { z } from "zod";
import { OrganizationId } from "../../platform/auth/principal-ids.ts";
import type { Cache } from "../../platform/cache/cache.ts";
import { withDeadline } from "../../platform/deadline.ts";
import type { EventLog, LogReader, LogRecord } from "../../platform/events/event-log.ts";
import type { LifecyclePart } from "../../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { newTrace } from "../../platform/tracing/trace-context.ts";
import type { OperationExecutor, PlanFeatures } from "../ports.ts";

export interface PlanFeaturesOptions {
  readonly executor: OperationExecutor;
  /** Its own, since a lost event clears it whole. */
  readonly cache: Cache;
  /** Where changed plans are announced. */
  readonly eventLog: EventLog;
  readonly logger: Logger;
}

const TOPIC = "billing.events";
const RELEVANT = /^billing\.subscription\./;
const FEATURES_MS = 60_000;
/** Nobody waits longer for billing; an answer that comes later is for those who ask later. */
const TIMEOUT_MS = 1_000;
/** Billing that is away is not asked by every caller. */
const UNKNOWN_MS = 5_000;

/** The newest hundred: what runs is among them. */
const QUERY = `query PlanFeatures($organization: ID!) {
  organization(id: $organization) {
    billingAccount {
      subscriptions(last: 100) { edges { node { status quantity plan { features { key limit } } } } }
    }
  }
}`;

const bigint = z.string().transform((text) => BigInt(text));
const answerSchema = z.object({
  organization: z.object({
    // An account is opened a moment after its organisation.
    billingAccount: z
      .object({
        subscriptions: z.object({
          edges: z.array(
            z.object({
              node: z.object({
                status: z.string(),
                quantity: z.int().transform((count) => BigInt(count)),
                plan: z.object({ features: z.array(z.object({ key: z.string(), limit: bigint.nullable() })) }),
              }),
            }),
          ),
        }),
      })
      .nullable(),
  }),
});

type Features = ReadonlyMap<string, bigint | null>;

const NO_FEATURES: Features = new Map();
/** A payment that is late takes nothing away yet; a first one that never came has granted nothing; a trial has. */
const RUNNING = new Set(["TRIALING", "ACTIVE", "PAST_DUE"]);

const eventSchema = z.object({ type: z.string(), orgid: z.string().optional() });

export function createPlanFeatures(options: PlanFeaturesOptions): PlanFeatures & LifecyclePart {
  const { executor, cache, eventLog, logger } = options;
  let reader: LogReader | undefined;

  async function ask(organizationId: OrganizationId): Promise<Features> {
    const trace = newTrace();
    const { data, errors } = await executor.execute({
      query: QUERY,
      variables: { organization: organizationId },
      context: {
        // Who may read this organisation's billing, and nothing else.
        identity: { kind: "AUDIENCE", grants: new Map([[organizationId, new Set(["billing.read"])]]) },
        client: {},
        trace,
        logger: logger.child({ traceId: trace.traceId }),
        forwardedHeaders: {},
      },
    });
    if (errors !== undefined) throw new Error(`billing did not answer: ${errors[0]?.message}`);
    const { billingAccount } = answerSchema.parse(data).organization;
    const running = billingAccount?.subscriptions.edges.filter(({ node }) => RUNNING.has(node.status)) ?? [];
    return summed(running.map(({ node }) => node));
  }

  async function featuresOf(organizationId: OrganizationId): Promise<Features> {
    const key = `plan-features:${organizationId}`;
    const unknown = `plan-features-unknown:${organizationId}`;
    const tags = [tagOf(organizationId)];
    const cachedFeatures = await cache.get<Features>(key);
    if (cachedFeatures !== undefined) return cachedFeatures;
    // Beside the answer, not in its place: an answer that is still under way would be overtaken by what is set there.
    if ((await cache.get<true>(unknown)) === true) return NO_FEATURES;
    try {
      const asking = cache.getOrLoad(key, { ttlMs: FEATURES_MS, tags }, () => ask(organizationId));
      return await withDeadline(asking, TIMEOUT_MS, `no answer within ${TIMEOUT_MS} ms`);
    } catch (error) {
      logger.warn({ err: error, organizationId }, "a plan's limits are not known now: it limits nothing");
      await cache.set(unknown, true, { ttlMs: UNKNOWN_MS, tags });
      return NO_FEATURES;
    }
  }

  async function onRecord(record: LogRecord): Promise<void> {
    const who = concerned(record);
    if (who === "EVERYBODY") await cache.clear();
    else if (who !== undefined) await cache.invalidateTags([tagOf(who)]);
  }

  return {
    name: "plan features",
    async limit(text, key) {
      const organizationId = OrganizationId.from(text);
      return organizationId === undefined ? undefined : (await featuresOf(organizationId)).get(key);
    },
    async start() {
      await eventLog.ensureTopics([TOPIC]);
      reader = await eventLog.tail({
        topic: TOPIC,
        from: "end",
        async onRecords(_partition, records) {
          for (const record of records) await onRecord(record);
        },
        onInterruption(problem) {
          logger.warn({ err: problem }, "changes of plans may have been missed: they are asked for again");
          cache.clear().catch((error: unknown) => logger.error({ err: error }, "clearing the cache of plans failed"));
        },
      });
    },
    async stop() {
      await reader?.stop();
    },
  };
}

const tagOf = (organizationId: string) => `organization:${organizationId}`;

interface RunningPlan {
  readonly quantity: bigint;
  readonly plan: { readonly features: readonly { readonly key: string; readonly limit: bigint | null }[] };
}

/** What was bought twice is granted twice; what one of the plans does not limit is not limited. */
function summed(running: readonly RunningPlan[]): Features {
  const features = new Map<string, bigint | null>();
  for (const { quantity, plan } of running) {
    for (const { key, limit } of plan.features) {
      const sofar = features.get(key);
      features.set(key, limit === null || sofar === null ? null : (sofar ?? 0n) + quantity * limit);
    }
  }
  return features;
}

/** Whose plans may have changed by this event; `undefined` for nobody's. */
function concerned({ value }: Pick<LogRecord, "value">): string | undefined {
  try {
    const { type, orgid } = eventSchema.parse(JSON.parse(value));
    return RELEVANT.test(type) ? (orgid ?? "EVERYBODY") : undefined;
  } catch {
    // No event of ours: it cannot speak of a plan.
    return undefined;
  }
}
