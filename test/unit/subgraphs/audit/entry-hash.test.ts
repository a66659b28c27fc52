import { expect, test } from "vitest";
import { type ChainedEntry, hashEntry, verifyChain } from "../../../../subgraphs/audit/domain/entry-hash.ts";

function chain(length: number): ChainedEntry[] {
  const entries: ChainedEntry[] = [];
  for (let index = 1; index <= length; index += 1) {
    const previousHash = entries.at(-1)?.hash ?? null;
    const entry = {
      id: `aud_${index}`,
      tenantId: "org_1",
      sequence: BigInt(index),
      eventId: `event-${index}`,
      actorKind: "USER",
      actorId: "usr_1",
      action: "billing.invoice.paid",
      outcome: "SUCCESS",
      targets: [{ type: "Invoice", id: "inv_1" }],
      metadata: { b: 1, a: { d: "ö", c: [1, 2] } },
      ip: null,
      userAgent: null,
      occurredAt: new Date(1_700_000_000_000 + index),
      recordedAt: new Date(1_700_000_001_000 + index),
      traceId: null,
      correlationId: "c",
    };
    entries.push({ ...entry, hash: hashEntry(entry, previousHash), previousHash });
  }
  return entries;
}

test("an untouched chain verifies and names its head", async () => {
  const entries = chain(5);
  expect(await verifyChain(entries)).toEqual({ ok: true, length: 5n, head: entries[4]?.hash });
  expect(await verifyChain([])).toEqual({ ok: true, length: 0n, head: null });
});

test("the order of properties does not change the hash, any value does", () => {
  const [entry] = chain(1);
  if (entry === undefined) throw new Error("no entry");
  expect(hashEntry({ ...entry, metadata: { a: { c: [1, 2], d: "ö" }, b: 1 } }, null)).toBe(entry.hash);
  expect(hashEntry({ ...entry, metadata: { a: { c: [2, 1], d: "ö" }, b: 1 } }, null)).not.toBe(entry.hash);
});

test.each<[string, (entries: ChainedEntry[]) => ChainedEntry[]]>([
  ["changed", (entries) => entries.map((entry) => (entry.sequence === 3n ? { ...entry, actorId: "usr_2" } : entry))],
  ["removed", (entries) => entries.filter((entry) => entry.sequence !== 3n)],
  [
    "changed together with its own hash",
    (entries) =>
      entries.map((entry) => {
        if (entry.sequence !== 3n) return entry;
        const forged = { ...entry, actorId: "usr_2" };
        return { ...forged, hash: hashEntry(forged, "0".repeat(64)), previousHash: "0".repeat(64) };
      }),
  ],
])("an entry that was %s is named [S97]", async (_what, tamper) => {
  expect(await verifyChain(tamper(chain(5)))).toMatchObject({ ok: false, firstBadSequence: 3n });
});

test("an entry rewritten consistently breaks at its successor [S97]", async () => {
  const entries = chain(5).map((entry, index, all) => {
    if (index !== 2) return entry;
    const forged = { ...entry, actorId: "usr_2" };
    return { ...forged, hash: hashEntry(forged, all[1]?.hash ?? null) };
  });
  expect(await verifyChain(entries)).toMatchObject({ ok: false, firstBadSequence: 4n });
});
