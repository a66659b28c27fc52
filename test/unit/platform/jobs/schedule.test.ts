import { expect, test } from "vitest";
import { slotClock } from "../../../../platform/jobs/schedule.ts";

const at = (text: string) => new Date(`2026-12-01T${text}Z`);

test("an interval's moments are the same for everybody, whenever they look [S110]", () => {
  const slotAt = slotClock({ everyMs: 60_000 });
  expect([at("02:00:00.000"), at("02:00:59.999"), at("02:01:00.000")].map(slotAt)).toEqual([
    at("02:00:00"),
    at("02:00:00"),
    at("02:01:00"),
  ]);
});

test("a cron expression's moments are in UTC, and begin with their own millisecond [S110]", () => {
  const nightly = slotClock({ cron: "0 2 * * *" });
  expect(nightly(at("01:59:59.999"))).toEqual(new Date("2026-11-30T02:00:00Z"));
  expect(nightly(at("02:00:00.000"))).toEqual(at("02:00:00"));
  expect(nightly(at("23:00:00.000"))).toEqual(at("02:00:00"));
  const withSeconds = slotClock({ cron: "*/5 * * * * *" });
  expect(withSeconds(at("02:00:04.999"))).toEqual(at("02:00:00"));
  expect(withSeconds(at("02:00:05.000"))).toEqual(at("02:00:05"));
});

test("a day that no month has is never", () => {
  expect(slotClock({ cron: "0 0 30 2 *" })(at("02:00:00.000"))).toBeUndefined();
});

test.each([{ cron: "every night" }, { everyMs: 0 }, { everyMs: 1.5 }, { everyMs: Number.NaN }])(
  "a schedule that means nothing is refused: %o",
  (schedule) => {
    expect(() => slotClock(schedule)).toThrow(TypeError);
  },
);
