/** What an event means as an audit entry: action, outcome, targets. Pure, so that every event type has a unit test. */
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import { idPrefix } from "../../../platform/ids.ts";
import { parseTraceparent } from "../../../platform/tracing/trace-context.ts";
import type { AuditOutcome } from "../../../schema/generated/audit.ts";

/** GraphQL types by id prefix; an id of another kind is kept in the metadata only. */
export const TARGET_TYPES = {
  usr: "User",
  org: "Organization",
  mem: "Membership",
  ses: "Session",
  ivt: "Invitation",
  key: "ApiKey",
  acc: "BillingAccount",
  sub: "BillingSubscription",
  inv: "Invoice",
  pay: "Payment",
  pm: "PaymentMethod",
} as const;

export type TargetType = (typeof TARGET_TYPES)[keyof typeof TARGET_TYPES];

export interface EntryTarget {
  readonly type: TargetType;
  readonly id: string;
}

export interface EntryContent {
  readonly action: string;
  readonly outcome: AuditOutcome;
  readonly targets: readonly EntryTarget[];
  readonly traceId: string | null;
}

export function entryFromEvent(event: EventEnvelope): EntryContent {
  const action = event.type.replace(/\.v\d+$/, "");
  return {
    action,
    outcome: outcomeOf(action),
    targets: targetsOf(event),
    traceId: parseTraceparent(event.traceparent)?.traceId ?? null,
  };
}

const FAILURES = [".failed", ".rejected", ".unrecorded"];

function outcomeOf(action: string): AuditOutcome {
  if (action.endsWith(".denied")) return "DENIED";
  return FAILURES.some((ending) => action.endsWith(ending)) ? "FAILURE" : "SUCCESS";
}

/** The aggregate first, then every other id that the event's data names. */
function targetsOf(event: EventEnvelope): EntryTarget[] {
  const ids = [event.subject, ...Object.values(event.data).filter((value) => typeof value === "string")];
  return [...new Set(ids)].flatMap((id) => {
    const type = targetType(id);
    return type === undefined ? [] : [{ type, id }];
  });
}

function targetType(id: string): TargetType | undefined {
  const types: Readonly<Record<string, TargetType>> = TARGET_TYPES;
  return types[idPrefix(id) ?? ""];
}
