import { expect, test } from "vitest";
import { createCatchUpTurns } from "../../../../../gateway/live/log/catch-up-turns.ts";
import { seededRandom } from "../../../../support/seeded-random.ts";
import { deferred } from "../../../../support/wait.ts";

const CALM = { share: 0 };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Reads `parts` one after the other, as a subscriber that is behind does. */
async function catchUp(
  turns: ReturnType<typeof createCatchUpTurns>,
  key: string,
  parts: number,
  read: (key: string) => Promise<void>,
): Promise<void> {
  for (let part = 0; part < parts; part += 1) await turns.take(key, () => read(key));
}

test("fifty catch-ups of one tenant over a long backlog leave every other tenant its turn", async () => {
  const turns = createCatchUpTurns(CALM);
  const random = seededRandom(5);
  const order: string[] = [];
  const read = async (key: string) => {
    order.push(key);
    for (let left = Math.floor(random() * 4); left >= 0; left -= 1) await turn();
  };
  const flood = Array.from({ length: 50 }, () => catchUp(turns, "flood", 20, read));
  await turn();
  const before = order.length;
  const quiet = Array.from({ length: 10 }, (_, at) => catchUp(turns, `quiet ${at}`, 5, read));
  await Promise.all(quiet);
  const meanwhile = order.slice(before);
  const ofFlood = meanwhile.filter((key) => key === "flood").length;
  // In turn: about one part of the flood's for each part of a single other tenant.
  expect(meanwhile.length - ofFlood).toBe(50);
  expect(ofFlood).toBeLessThanOrEqual(25);
  expect(ofFlood).toBeGreaterThan(0);
  await Promise.all(flood);
  expect(order).toHaveLength(50 * 20 + 50);
  expect(turns.counts()).toEqual({ running: 0, waiting: 0 });
});

test("while live events are made ready only one part is read at once, and catching up goes on", async () => {
  const turns = createCatchUpTurns(CALM);
  const live = deferred();
  turns.giveWayTo(live.promise);
  let running = 0;
  let most = 0;
  const read = async () => {
    running += 1;
    most = Math.max(most, running);
    await turn();
    running -= 1;
  };
  const all = (tenants: number) =>
    Promise.all(Array.from({ length: tenants }, (_, at) => catchUp(turns, `tenant ${at}`, 4, read)));
  await all(6);
  expect(most).toBe(1);
  live.resolve();
  await turn();
  await all(6);
  expect(most).toBe(6);
});

test("a failed delivery of live events holds up nobody", async () => {
  const turns = createCatchUpTurns(CALM);
  turns.giveWayTo(Promise.reject(new Error("failed")));
  await turn();
  const ends = ["one", "two", "three"].map((key) => {
    const end = deferred();
    void turns.take(key, () => end.promise);
    return end;
  });
  expect(turns.counts()).toEqual({ running: 3, waiting: 0 });
  for (const end of ends) end.resolve();
});

test("while the thread has no time only one part is read at once", async () => {
  const load = { share: 1 };
  const turns = createCatchUpTurns(load);
  let running = 0;
  let most = 0;
  const read = async () => {
    running += 1;
    most = Math.max(most, running);
    await turn();
    running -= 1;
  };
  const all = () => Promise.all(Array.from({ length: 6 }, (_, at) => catchUp(turns, `tenant ${at}`, 4, read)));
  await all();
  expect(most).toBe(1);
  load.share = 0;
  await all();
  expect(most).toBe(6);
});

test("parts that are there at once leave everything else its turn between them", async () => {
  const turns = createCatchUpTurns(CALM);
  let parts = 0;
  const catchingUp = catchUp(turns, "flood", 100, async () => {
    parts += 1;
  });
  const seen: number[] = [];
  while (parts < 100) {
    await turn();
    seen.push(parts);
  }
  await catchingUp;
  expect(seen.length).toBeGreaterThan(50);
});
