import { expect, test } from "vitest";
import { createEarlyRefusal } from "../../../../../gateway/limits/admission/early-refusal.ts";
import { seededRandom } from "../../../../support/seeded-random.ts";

/** Calls of one caller, `perSecond`, of which `room` per second are let in; the others are refused, early or late. */
function flood(perSecond: number, room: number, seconds: number) {
  let time = 0;
  const early = createEarlyRefusal({ now: () => time, random: seededRandom(7) });
  let late = 0;
  let admitted = 0;
  let free = 0;
  for (let call = 0; call < perSecond * seconds; call += 1) {
    time += 1_000 / perSecond;
    free = Math.min(room, free + room / perSecond);
    if (early.refuses("caller")) continue;
    if (free >= 1) {
      free -= 1;
      admitted += 1;
      early.noteAdmitted("caller");
    } else {
      late += 1;
      early.noteRefused("caller");
    }
  }
  const pass = (ms: number) => {
    time += ms;
  };
  return { early, late, admitted, pass };
}

test("whoever is let in is never refused early", () => {
  const { early } = flood(100, 100, 20);
  expect(early.refused).toBe(0);
});

test("of a flood nearly all refusals are early, and still all places are used", () => {
  const { early, late, admitted } = flood(1_000, 100, 30);
  expect(early.refused).toBeGreaterThan(3 * late);
  expect(admitted).toBeGreaterThan(0.95 * 100 * 30);
});

test("one caller's flood refuses nobody else's calls", () => {
  const { early } = flood(1_000, 10, 10);
  for (let call = 0; call < 100; call += 1) expect(early.refuses("another")).toBe(false);
});

test("it is over a few seconds after the flood", () => {
  const { early, pass } = flood(1_000, 100, 30);
  pass(15_000);
  for (let call = 0; call < 100; call += 1) expect(early.refuses("caller")).toBe(false);
});
