import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { OPERATION_CLASSES, type OperationClass } from "../../../../../gateway/limits/admission/operation-class.ts";
import { createWaitingLines } from "../../../../../gateway/limits/admission/waiting-lines.ts";

const LIMITS = { waitMs: 2_000, maxPerLine: 4, maxWaiting: 100, crowd: () => 100 };

/** Lines whose time is the test's, and what became of those who waited. */
function openLines(limits: Partial<typeof LIMITS> = {}) {
  vi.useFakeTimers();
  const lines = createWaitingLines({ ...LIMITS, ...limits, now: () => Date.now() });
  const entered: string[] = [];
  const refused: string[] = [];
  return {
    lines,
    entered,
    refused,
    add(name: string, operationClass: OperationClass = "query", tenant = "tenant") {
      return lines.add(operationClass, tenant, {
        enter: () => void entered.push(name),
        refuse: (reason) => void refused.push(`${name} ${reason}`),
      });
    },
    serve(places: number) {
      let left = places;
      lines.serve(() => left-- > 0);
    },
    async pass(ms: number) {
      await vi.advanceTimersByTimeAsync(ms);
    },
  };
}

test("commands are served before queries, and queries before reports", () => {
  const { add, serve, entered } = openLines();
  add("report", "report");
  add("query", "query");
  add("command", "command");
  serve(2);
  expect(entered).toEqual(["command", "query"]);
});

test("tenants are served in turn, however many of one wait", () => {
  const { add, serve, entered } = openLines({ maxPerLine: 100 });
  for (let index = 0; index < 50; index += 1) add(`busy ${index}`, "command", "busy");
  for (const quiet of ["one", "two", "three"]) add(quiet, "command", quiet);
  serve(5);
  expect(entered).toEqual(["busy 0", "one", "two", "three", "busy 1"]);
});

test("a line is served from its front, however slowly", async () => {
  const { add, serve, pass, entered } = openLines();
  for (const name of ["first", "second", "third"]) add(name);
  serve(1);
  await pass(1_500);
  serve(2);
  expect(entered).toEqual(["first", "second", "third"]);
});

test("in a crowd a line that has stood for long is served from its end, and sheds the oldest", async () => {
  const { add, serve, pass, entered, refused } = openLines({ maxPerLine: 100, crowd: () => 3 });
  for (const name of ["first", "second", "third", "fourth"]) add(name);
  serve(1);
  await pass(175);
  for (const name of ["fifth", "sixth"]) add(name);
  await pass(50);
  expect(refused).toEqual(["second waited", "third waited", "fourth waited"]);
  add("seventh");
  serve(2);
  expect(entered).toEqual(["first", "seventh", "sixth"]);
});

test("after that nobody of the tenant waits for longer than a moment, though its line was empty meanwhile", async () => {
  const { add, serve, pass, entered, refused, lines } = openLines({ maxPerLine: 100, crowd: () => 3 });
  for (const name of ["first", "second", "third", "fourth"]) add(name, "query", "busy");
  await pass(225);
  expect(refused).toHaveLength(4);
  expect([lines.shedLately("busy"), lines.shedLately("quiet")]).toEqual([true, false]);
  add("fifth", "command", "busy");
  add("early", "query", "quiet");
  await pass(125);
  expect(refused.slice(4)).toEqual(["fifth waited"]);
  add("late", "query", "quiet");
  serve(1);
  expect(entered).toEqual(["early"]);
  await pass(2_000);
  expect(lines.shedLately("busy")).toBe(false);
});

describe("refused is", () => {
  test("whoever has waited for as long as they may", async () => {
    const { add, pass, lines, refused } = openLines({ waitMs: 300 });
    add("early");
    await pass(200);
    add("late");
    await pass(150);
    expect(refused).toEqual(["early waited"]);
    await pass(200);
    expect(refused).toEqual(["early waited", "late waited"]);
    expect(lines.waiting()).toBe(0);
  });

  test("whoever's answer would be too late", async () => {
    const { lines, pass, refused } = openLines();
    const refuse = (reason: string) => void refused.push(reason);
    lines.add("query", "tenant", { deadline: Date.now() + 100, enter: () => undefined, refuse });
    await pass(150);
    expect(refused).toEqual(["waited"]);
  });

  test("the oldest of a tenant of whom too many wait", () => {
    const { add, refused } = openLines();
    for (let index = 0; index < 6; index += 1) add(`busy ${index}`, "query", "busy");
    add("quiet", "query", "quiet");
    expect(refused).toEqual(["busy 0 full", "busy 1 full"]);
  });

  test("where too many wait together, the oldest of the longest line of the least class", () => {
    const { add, refused } = openLines({ maxWaiting: 4 });
    add("command", "command", "one");
    add("query", "query", "one");
    for (let index = 0; index < 3; index += 1) add(`report ${index}`, "report", index === 0 ? "one" : "two");
    expect(refused).toEqual(["report 1 full"]);
  });
});

test("whoever goes is neither served nor refused", async () => {
  const { add, serve, pass, lines, entered, refused } = openLines();
  const leave = add("gone");
  add("here");
  leave();
  leave();
  serve(2);
  await pass(5_000);
  expect([entered, refused, lines.waiting()]).toEqual([["here"], [], 0]);
});

test("whatever comes in whatever order, each is served or refused once, and no tenant is passed over", () => {
  const arrival = fc.record({ tenant: fc.constantFrom("a", "b", "c"), kind: fc.constantFrom(...OPERATION_CLASSES) });
  const step = fc.oneof(arrival, fc.record({ places: fc.nat(4) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { lines, add, serve, entered, refused } = openLines({ maxPerLine: 5, maxWaiting: 12 });
      let added = 0;
      for (const next of steps) {
        if ("places" in next) serve(next.places);
        else {
          add(`${added}`, next.kind, next.tenant);
          added += 1;
        }
        expect(lines.waiting()).toBeLessThanOrEqual(12);
        expect(entered.length + refused.length + lines.waiting()).toBe(added);
      }
      serve(added);
      expect(lines.waiting()).toBe(0);
      expect(new Set([...entered, ...refused.map((text) => text.split(" ")[0])]).size).toBe(added);
    }),
  );
});
