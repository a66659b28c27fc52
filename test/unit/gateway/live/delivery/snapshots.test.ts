import { expect, test } from "vitest";
import { cursorBeforeSnapshot, resolveStart } from "../../../../../gateway/live/delivery/snapshot-cursor.ts";
import { snapshotFailure } from "../../../../../gateway/live/delivery/snapshot-event.ts";
import { createSnapshots, type SnapshotPlace } from "../../../../../gateway/live/delivery/snapshots.ts";
import { createCursorCodec } from "../../../../../gateway/live/log/cursor.ts";
import { waitFor } from "../../../../support/wait.ts";

function room(head: bigint) {
  const queries: { readonly place: SnapshotPlace; answer(text: string): void; fail(error: Error): void }[] = [];
  const reader = { head, sequenceBefore: (position: bigint) => position / 10n };
  const snapshots = createSnapshots({
    reader,
    query(place) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      queries.push({ place, answer: resolve, fail: reject });
      return promise;
    },
  });
  const begun = (count: number) => waitFor(() => queries.length === count, { what: `${count} queries` });
  return { reader, snapshots, queries, begun };
}

test("who asks before a query began shares it; who asks later waits for the next one", async () => {
  const { snapshots, queries, begun, reader } = room(30n);
  const first = snapshots.take(10n);
  const second = snapshots.take(30n);
  await begun(1);
  reader.head = 50n;
  const late = [snapshots.take(20n), snapshots.take(50n)];
  queries[0]?.answer("one");
  expect(await first).toEqual({ frame: "one", position: 30n, sequence: 3n });
  expect(await second).toBe(await first);
  await begun(2);
  queries[1]?.answer("two");
  expect(await Promise.all(late)).toEqual(Array(2).fill({ frame: "two", position: 50n, sequence: 5n }));
  expect(queries).toHaveLength(2);
});

test("no query begins before the tail has come to the position of everybody who shares it", async () => {
  const { snapshots, queries, begun, reader } = room(10n);
  const early = snapshots.take(10n + 1n);
  const later = snapshots.take(12n);
  reader.head = 11n;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(queries).toHaveLength(0);
  reader.head = 14n;
  await begun(1);
  expect(queries[0]?.place).toEqual({ position: 14n, sequence: 1n });
  queries[0]?.answer("it");
  expect((await early).position).toBe(14n);
  expect((await later).position).toBe(14n);
});

test("a query that fails fails for those who share it and for nobody else", async () => {
  const { snapshots, queries, begun } = room(1n);
  const failing = snapshots.take(1n);
  await begun(1);
  const next = snapshots.take(1n);
  queries[0]?.fail(new Error("away"));
  await expect(failing).rejects.toThrow("away");
  await begun(2);
  queries[1]?.answer("it");
  expect((await next).frame).toBe("it");
});

const cursors = createCursorCodec("a secret that is long enough for tests");
const place = { topic: "t", epoch: "e", partition: 0, key: "k", next: 7n, sequence: 3n };

test("a cursor from before the snapshot brings the snapshot, or goes on behind it for who wants none", () => {
  const cursor = cursorBeforeSnapshot(cursors, place);
  expect(resolveStart(cursors, { topic: "t", key: "k", cursor, snapshot: true })).toEqual({ snapshot: true });
  expect(resolveStart(cursors, { topic: "t", key: "k", cursor, snapshot: false })).toEqual({
    cursor: cursors.encode(place),
    snapshot: false,
  });
});

test("any other cursor resumes without a snapshot, and one of another stream stays foreign", () => {
  const plain = cursors.encode(place);
  const foreign = cursorBeforeSnapshot(cursors, { ...place, key: "other" });
  for (const cursor of [plain, foreign, "nonsense"]) {
    expect(resolveStart(cursors, { topic: "t", key: "k", cursor, snapshot: true })).toEqual({
      cursor,
      snapshot: false,
    });
  }
  expect(cursors.decode(foreign)?.matches("t", "k")).toBe(false);
});

const message = (shop: unknown) =>
  JSON.stringify({ stock: { sequence: "0", actor: null, event: { __typename: "StockSnapshot", shop } } });
const refused = { message: "No.", extensions: { code: "FORBIDDEN", status: 403 } };

test("an answer with errors and without any state is no snapshot", () => {
  expect(snapshotFailure({ data: "null", errors: [{ message: "away" }] })).toMatchObject({
    code: "SERVICE_UNAVAILABLE",
    retryable: true,
    details: { reason: "SNAPSHOT" },
  });
  expect(snapshotFailure({ data: message(null), errors: [{ message: "away" }] })?.code).toBe("SERVICE_UNAVAILABLE");
  expect(snapshotFailure({ data: message(null), errors: [refused] })).toMatchObject({
    code: "FORBIDDEN",
    message: "No.",
  });
});

test("errors beside some of the state, and state that is simply not there, are a snapshot", () => {
  expect(snapshotFailure({ data: message({ stock: null }), errors: [{ message: "away" }] })).toBeUndefined();
  expect(snapshotFailure({ data: message(null) })).toBeUndefined();
});
