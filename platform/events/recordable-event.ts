/**
 * What an event must be so that it can be recorded for ever. Producers ask before they commit, and whoever records asks
 * before that: what is published is recorded, or was never published.
 */
import { OrganizationId, tenantIdFrom } from "../auth/principal-ids.ts";
import { whyNotCanonical } from "./canonical-json.ts";
import { type EventEnvelope, MAX_HOP } from "./envelope.ts";

/** An index on it holds no more, and neither does the announcement of its entry. */
const MAX_NAME_LENGTH = 200;
const MAX_SEQUENCE = 2n ** 63n - 1n;

/** @returns what is wrong with it, and where; undefined when it can be recorded */
export function whyUnrecordable(event: EventEnvelope): string | undefined {
  return (
    whyNotCanonical(event) ??
    problemOfNames(event) ??
    problemOfTime(event.time) ??
    problemOfPlace(event.sequence, event.hop)
  );
}

function problemOfNames({ type, actorid, partitionkey, orgid }: EventEnvelope): string | undefined {
  if (type.length > MAX_NAME_LENGTH) return `type has more than ${MAX_NAME_LENGTH} characters`;
  if (actorid !== undefined && actorid.length > MAX_NAME_LENGTH) {
    return `actorid has more than ${MAX_NAME_LENGTH} characters`;
  }
  if (tenantIdFrom(partitionkey) === undefined) return "partitionkey is no id of an organisation or a user";
  if (orgid !== undefined && OrganizationId.from(orgid) === undefined) return "orgid is no id of an organisation";
  return undefined;
}

/** Postgres has no year 0. */
function problemOfTime(time: string): string | undefined {
  const year = new Date(time).getUTCFullYear();
  return year >= 1 && year <= 9999 ? undefined : "time is not within the years 1 to 9999";
}

function problemOfPlace(sequence: string, hop: number): string | undefined {
  if (BigInt(sequence) > MAX_SEQUENCE) return "sequence is larger than any";
  return hop > MAX_HOP ? `hop is more than ${MAX_HOP}` : undefined;
}
