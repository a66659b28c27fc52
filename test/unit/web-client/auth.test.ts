import { expect, test } from "vitest";
import { accessToken } from "../../../web-client/src/auth/access-token.ts";
import { deviceName } from "../../../web-client/src/auth/device-name.ts";
import { safeNext } from "../../../web-client/src/auth/safe-next.ts";
import { backoffMs } from "../../../web-client/src/graphql/backoff.ts";

const now = Date.parse("2026-01-01T12:00:00.000Z");

test("an access token is replaced a minute before it expires", () => {
  const { refreshAt } = accessToken("token", "2026-01-01T12:15:00.000Z", now);
  expect(new Date(refreshAt).toISOString()).toBe("2026-01-01T12:14:00.000Z");
});

test("a clock ahead of the server's does not replace the token with every request", () => {
  const { refreshAt } = accessToken("token", "2026-01-01T11:00:00.000Z", now);
  expect(refreshAt - now).toBe(20_000);
});

test.each([
  ["/o/org_1/plans?x=1", "/o/org_1/plans?x=1"],
  ["https://example.com", "/"],
  ["//example.com", "/"],
  ["/\\example.com", "/"],
  [null, "/"],
])("after signing in, next=%j leads to %s", (next, path) => {
  expect(safeNext(next)).toBe(path);
});

test("a device is named by its browser and system", () => {
  expect(deviceName("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe("Firefox on Linux");
  expect(deviceName("")).toBe("Browser on an unknown system");
});

test("pauses between attempts double up to ten seconds, and at least half of each is kept", () => {
  expect([0, 1, 2, 100].map((attempt) => backoffMs(attempt, () => 0))).toEqual([125, 250, 500, 5_000]);
  expect([0, 1, 2, 100].map((attempt) => backoffMs(attempt, () => 1))).toEqual([250, 500, 1_000, 10_000]);
});
