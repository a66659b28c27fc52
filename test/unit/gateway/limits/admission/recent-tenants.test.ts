import { expect, test } from "vitest";
import { createRecentTenants } from "../../../../../gateway/limits/admission/recent-tenants.ts";

test("a tenant is alone until another one asks for something", () => {
  const recent = createRecentTenants(() => 0);
  expect(recent.othersThan("busy")).toBe(0);
  recent.note("busy");
  expect(recent.othersThan("busy")).toBe(0);
  recent.note("quiet");
  recent.note("quiet");
  expect([recent.othersThan("busy"), recent.othersThan("quiet"), recent.othersThan("new")]).toEqual([1, 1, 2]);
});

test("one that asks once a second is there all the time", () => {
  let at = 0;
  const recent = createRecentTenants(() => at);
  for (at = 0; at < 5_000; at += 50) {
    if (at % 1_000 === 0) recent.note("quiet");
    recent.note("busy");
    expect(recent.othersThan("busy")).toBe(1);
  }
});

test("two seconds after the others left it is alone again, also when it slept meanwhile", () => {
  let at = 0;
  const recent = createRecentTenants(() => at);
  recent.note("quiet");
  for (at = 0; at < 2_100; at += 50) recent.note("busy");
  expect(recent.othersThan("busy")).toBe(0);
  recent.note("quiet");
  at += 60_000;
  expect(recent.othersThan("busy")).toBe(0);
});
