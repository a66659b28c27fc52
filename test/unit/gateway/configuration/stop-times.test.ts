import { expect, test } from "vitest";
import { checkStopTimes } from "../../../../gateway/configuration/stop-times.ts";

test("a drain that outlasts the stop is refused with what to change", () => {
  for (const grace of [1, 5_000, 7_000]) {
    expect(() => checkStopTimes({ DRAIN_MS: 5_000, DRAIN_NOTICE_MS: 1_000, SHUTDOWN_GRACE_MS: grace })).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(/DRAIN_MS \(5000\).*Set SHUTDOWN_GRACE_MS above 7000/s),
      }),
    );
  }
  expect(() => checkStopTimes({ DRAIN_MS: 5_000, DRAIN_NOTICE_MS: 1_000, SHUTDOWN_GRACE_MS: 7_001 })).not.toThrow();
});

test("a notice that outlasts the stop is refused", () => {
  const times = { DRAIN_MS: 1_000, SHUTDOWN_GRACE_MS: 5_000 };
  expect(() => checkStopTimes({ ...times, DRAIN_NOTICE_MS: 5_000 })).toThrow(/DRAIN_NOTICE_MS \(5000\) must be below/);
  expect(() => checkStopTimes({ ...times, DRAIN_NOTICE_MS: 4_999 })).not.toThrow();
});
