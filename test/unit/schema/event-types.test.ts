import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkEventEmitters } from "../../../schema/event-emitters.ts";
import { printEventTypes } from "../../../schema/event-types.ts";
import type { EventData, EventType } from "../../../schema/generated/events.ts";

// The compiler is the assertion: each `@ts-expect-error` fails the type check when the line below it compiles.
test("an event's data that lacks a member, or a type that no contract has, does not compile", () => {
  const registered: EventData["user.registered.v1"] = { userId: "usr_1" };
  // @ts-expect-error the reason is missing
  const suspended: EventData["user.suspended.v1"] = { userId: "usr_1" };
  // @ts-expect-error there is no such event
  const type: EventType = "user.organisation.created.v1";
  const outcome: EventData["audit.entry.recorded.v1"]["outcome"] = "SUCCESS";
  expect([registered, suspended, type, outcome]).toHaveLength(4);
});

test("each part of a contract is printed as its TypeScript", () => {
  const schema = {
    description: "A test.",
    type: "object",
    required: ["id", "parts", "kind"],
    properties: {
      id: { type: "string", pattern: "^x" },
      count: { type: ["integer", "null"] },
      kind: { enum: ["A", "B"] },
      parts: { type: "array", items: { type: "object", required: ["ok"], properties: { ok: { type: "boolean" } } } },
    },
  };
  expect(printEventTypes(new Map([["shop.item.sold.v1", schema]]))).toContain(
    '  /** A test. */\n  readonly "shop.item.sold.v1": { readonly id: string; readonly count?: number | null; ' +
      'readonly kind: "A" | "B"; readonly parts: readonly ({ readonly ok: boolean; })[]; };\n',
  );
});

test("a part that has no TypeScript is refused with its place", () => {
  const schema = { type: "object", properties: { any: { $ref: "#/$defs/any" } } };
  expect(() => printEventTypes(new Map([["shop.item.sold.v1", schema]]))).toThrow(/shop\.item\.sold\.v1\.any/);
});

test("a contract whose events nobody makes is told, but for old versions and deprecated ones", () => {
  const root = mkdtempSync(join(tmpdir(), "tributary-emitters-"));
  try {
    mkdirSync(join(root, "subgraphs/shop"), { recursive: true });
    writeFileSync(join(root, "subgraphs/shop/domain-events.ts"), 'export const sold = { type: "shop.item.sold.v2" };');
    const contracts = new Map([
      ["shop.item.sold.v1", {}],
      ["shop.item.sold.v2", {}],
      ["shop.item.lost.v1", {}],
      ["shop.item.old.v1", { deprecated: true }],
      ["elsewhere.item.sold.v1", {}],
    ]);
    expect(checkEventEmitters(root, contracts)).toEqual([
      expect.stringMatching(/^Event contract shop\.item\.lost\.v1: nothing in subgraphs\/shop\/domain-events\.ts/),
    ]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
