import fc from "fast-check";
import { expect, test } from "vitest";
import { UserStatus } from "../../../../schema/generated/user.ts";
import {
  changesBetween,
  type ProfileEvent,
  type ProfileState,
  replayed,
} from "../../../../subgraphs/user/domain/profile.ts";
import { namedId } from "../../../support/identities.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
const state: fc.Arbitrary<ProfileState> = fc.record({
  email: text,
  emailVerifiedAt: fc.option(
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") }).map((at) => at.toISOString()),
  ),
  displayName: text,
  status: fc.constantFrom(...UserStatus),
  locale: fc.option(text),
  timeZone: fc.option(text),
});

/** The events that lead from one state to the next, a minute apart. */
function historyOf(states: readonly ProfileState[]): ProfileEvent[] {
  return states.map((after, index) => ({
    userId: namedId("usr", "ada"),
    sequence: index + 1,
    type: index === 0 ? "REGISTERED" : "UPDATED",
    changes: changesBetween(states[index - 1], after),
    actorId: null,
    traceId: "none",
    occurredAt: new Date(index * 60_000),
  }));
}

test("at every moment an account was what its events up to then make of it [S85]", () => {
  fc.assert(
    fc.property(fc.array(state, { minLength: 1, maxLength: 20 }), fc.nat({ max: 25 }), (states, minute) => {
      const until = historyOf(states).filter(({ occurredAt }) => occurredAt.getTime() <= minute * 60_000);
      const model = states[Math.min(minute, states.length - 1)];
      expect(replayed(until)).toEqual({ version: until.length, at: until.at(-1)?.occurredAt, state: model });
    }),
  );
});

test("an event names what changed, and nothing else", () => {
  fc.assert(
    fc.property(state, state, (before, after) => {
      const changes = changesBetween(before, after);
      for (const [field, { from, to }] of Object.entries(changes)) {
        expect(from).not.toBe(to);
        expect([from, to]).toEqual([before[field as keyof ProfileState], after[field as keyof ProfileState]]);
      }
      expect({
        ...before,
        ...Object.fromEntries(Object.entries(changes).map(([field, { to }]) => [field, to])),
      }).toEqual(after);
    }),
  );
});

test("before the first event there was no account, and without the first one there is none whole", () => {
  expect(replayed([])).toBeUndefined();
  const [first, second] = historyOf([
    { email: "a", emailVerifiedAt: null, displayName: "A", status: "ACTIVE", locale: null, timeZone: null },
    { email: "a", emailVerifiedAt: null, displayName: "B", status: "ACTIVE", locale: null, timeZone: null },
  ]);
  if (first === undefined || second === undefined) throw new Error("two events are needed");
  expect(() => replayed([second])).toThrow();
});
