// A snapshot and the events behind it leave no window: over the Postgres log, with state that is committed before its
// event is stored.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { startStockRoom } from "./stock-room.ts";

let room: Awaited<ReturnType<typeof startStockRoom>>;

beforeAll(async () => {
  room = await startStockRoom();
});

afterAll(() => room?.stop());

/**
 * Some turns of the event loop, or milliseconds: an event takes some from the log to its ring, and a read may take
 * longer.
 */
const pause = async ({ turns = 0, ms = 0 }: { readonly turns?: number; readonly ms?: number } = {}) => {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  for (let left = turns; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
};

const short = fc.record({ turns: fc.integer({ min: 0, max: 6 }) });
const long = fc.record({ ms: fc.constantFrom(2, 8, 20, 40) });
const action = fc.record({
  kind: fc.constantFrom("commit", "commit", "commit", "relay", "relay", "connect", "drop"),
  item: fc.constantFrom("a", "b", "c"),
  client: fc.integer({ min: 0, max: 1 }),
  limit: fc.integer({ min: 1, max: 4 }),
  wait: fc.oneof({ weight: 3, arbitrary: short }, { weight: 1, arbitrary: long }),
});

test("a snapshot and the later events are the final state, however commits, the relay, subscribes and drops interleave [EV-09]", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 4, maxLength: 40 }),
      fc.array(fc.oneof(short, long), { minLength: 1, maxLength: 8 }),
      async (actions, reads) => {
        let read = 0;
        room.shop.onRead = () => {
          read += 1;
          return pause(reads[read % reads.length]);
        };
        const { shop, levels, commit, relay } = room.createStock();
        // Nobody knows of these but by a snapshot.
        for (const item of ["a", "b", "a"]) commit(item);
        await relay(3);
        const followers = [room.createFollower(shop), room.createFollower(shop)] as const;
        const background: Promise<unknown>[] = [];
        for (const { kind, item, client, limit, wait } of actions) {
          const follower = followers[client === 0 ? 0 : 1];
          if (kind === "commit") commit(item);
          else if (kind === "relay") background.push(relay(limit));
          else if (kind === "drop") follower.drop();
          else if (!follower.connected) background.push(follower.connect());
          await pause(wait);
        }
        await Promise.all(background);
        await relay(Number.POSITIVE_INFINITY);
        for (const follower of followers) {
          if (!follower.connected) await follower.connect();
          await waitFor(
            () =>
              follower.failure !== undefined ||
              JSON.stringify([...follower.picture].sort()) === JSON.stringify([...levels].sort()),
            { what: "the final state" },
          );
          expect(follower.failure).toBeUndefined();
          expect(follower.problems).toEqual([]);
          follower.drop();
        }
      },
    ),
    { numRuns: 60 },
  );
});
