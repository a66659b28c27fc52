/**
 * The hash that links an entry to its predecessor: SHA-256 over the previous hash, a line feed, and the canonical JSON
 * (RFC 8785) of the entry, in hexadecimal. Anyone who has the entries can compute it again; see `verifyChain`.
 */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../../platform/events/canonical-json.ts";

/** What the hash covers. A new property needs a new `version`, or old entries would no longer verify. */
export interface HashedEntry {
  readonly id: string;
  readonly tenantId: string;
  readonly sequence: bigint;
  readonly eventId: string;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly action: string;
  readonly outcome: string;
  readonly targets: unknown;
  readonly metadata: unknown;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly occurredAt: Date;
  readonly recordedAt: Date;
  readonly traceId: string | null;
  readonly correlationId: string;
}

const VERSION = 1;

/** @throws TypeError for content without a canonical form; `whyUnrecordable` keeps it out */
export function hashEntry(entry: HashedEntry, previousHash: string | null): string {
  const text = canonicalJson({
    version: VERSION,
    id: entry.id,
    tenantId: entry.tenantId,
    sequence: entry.sequence.toString(),
    eventId: entry.eventId,
    actorKind: entry.actorKind,
    actorId: entry.actorId,
    action: entry.action,
    outcome: entry.outcome,
    targets: entry.targets,
    metadata: entry.metadata,
    ip: entry.ip,
    userAgent: entry.userAgent,
    occurredAt: entry.occurredAt.toISOString(),
    recordedAt: entry.recordedAt.toISOString(),
    traceId: entry.traceId,
    correlationId: entry.correlationId,
  });
  return createHash("sha256")
    .update(`${previousHash ?? ""}\n${text}`)
    .digest("hex");
}

/** An entry as it is stored: what the hash covers, the hash, and the link. */
export interface ChainedEntry extends HashedEntry {
  readonly hash: string;
  readonly previousHash: string | null;
}

export type ChainVerdict =
  | { readonly ok: true; readonly length: bigint; readonly head: string | null }
  | { readonly ok: false; readonly firstBadSequence: bigint; readonly reason: string };

function fits(entry: ChainedEntry, head: string | null): boolean {
  try {
    return hashEntry(entry, head) === entry.hash;
  } catch {
    // What somebody wrote into it has no canonical form: it is not what was hashed.
    return false;
  }
}

/** Verifies one tenant's whole chain, given in sequence order from 1. Names the first entry that does not fit. */
export async function verifyChain(
  entries: AsyncIterable<ChainedEntry> | Iterable<ChainedEntry>,
): Promise<ChainVerdict> {
  let length = 0n;
  let head: string | null = null;
  for await (const entry of entries) {
    const expected = length + 1n;
    const bad = (reason: string): ChainVerdict => ({ ok: false, firstBadSequence: expected, reason });
    if (entry.sequence !== expected) return bad(`entry ${expected} is missing: found ${entry.sequence}`);
    if (entry.previousHash !== head) return bad("the link to the previous entry is broken");
    if (!fits(entry, head)) return bad("the content does not match its hash");
    length = expected;
    head = entry.hash;
  }
  return { ok: true, length, head };
}
