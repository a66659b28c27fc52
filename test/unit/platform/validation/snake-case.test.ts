import { expect, test } from "vitest";
import { z } from "zod";
import { AppError } from "../../../../platform/errors/app-error.ts";
import { instant, snakeCase } from "../../../../platform/validation/snake-case.ts";

const line = z.strictObject({ unitPrice: z.int(), priceTier2: z.string().optional() });
const order = snakeCase(
  z.strictObject({
    orderId: z.string(),
    placedAt: instant,
    lineItems: z.array(line),
    labels: z.record(z.string(), z.strictObject({ shownAs: z.string() })).nullable(),
    outcome: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("PAID"), paidAt: instant }),
      z.strictObject({ kind: z.literal("REFUSED"), reasonCode: z.string() }),
    ]),
  }),
);

const wire = {
  order_id: "o1",
  placed_at: "2026-11-28T10:00:00.000Z",
  line_items: [{ unit_price: 5, price_tier2: "a" }, { unit_price: 6 }],
  labels: { giftWrap: { shown_as: "Gift" } },
  outcome: { kind: "PAID", paid_at: "2026-11-28T10:00:01.000Z" },
};

function problemsOf(json: unknown, codec: { read(value: unknown): unknown } = order): unknown {
  try {
    codec.read(json);
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe("BAD_USER_INPUT");
    return error.details["problems"];
  }
}

test("members are renamed at every depth, keys of records are not, and moments are dates [S23]", () => {
  expect(order.read(wire)).toEqual({
    orderId: "o1",
    placedAt: new Date("2026-11-28T10:00:00.000Z"),
    lineItems: [{ unitPrice: 5, priceTier2: "a" }, { unitPrice: 6 }],
    labels: { giftWrap: { shownAs: "Gift" } },
    outcome: { kind: "PAID", paidAt: new Date("2026-11-28T10:00:01.000Z") },
  });
});

test("what is read and written is the same JSON, byte for byte [S23]", () => {
  expect(JSON.stringify(order.write(order.read(wire)))).toBe(JSON.stringify(wire));
});

test("a moment with an offset is the same moment, written in UTC [S23]", () => {
  const at = snakeCase(z.object({ at: instant }));
  expect(at.write(at.read({ at: "2026-11-28T12:00:00+02:00" }))).toEqual({ at: "2026-11-28T10:00:00.000Z" });
});

test("a member in camelCase is refused with the name to write, and never taken for the other", () => {
  const { order_id: orderId, ...rest } = wire;
  expect(problemsOf({ ...rest, orderId })).toEqual([
    { path: "orderId", message: "Unknown member: write order_id." },
    { path: "order_id", message: expect.stringMatching(/expected string/) },
  ]);
  expect(problemsOf({ ...wire, line_items: [{ unit_price: 5, unitPrice: 9 }] })).toEqual([
    { path: "line_items[0].unitPrice", message: "Unknown member: write unit_price." },
  ]);
});

test("an unknown member is refused by a strict schema under its own name, and dropped by another", () => {
  expect(problemsOf({ ...wire, half_open: 1 })).toEqual([
    { path: "", message: expect.stringContaining('"half_open"') },
  ]);
  const tolerant = snakeCase(z.object({ orderId: z.string() }));
  expect(tolerant.read({ order_id: "o1", half_open: 1 })).toEqual({ orderId: "o1" });
});

test("wrong members are named as the sender wrote them, all of them", () => {
  const wrong = {
    ...wire,
    placed_at: "yesterday",
    line_items: [{ unit_price: "5" }],
    labels: { giftWrap: { shown_as: 1 } },
    outcome: { kind: "PAID", paid_at: 1 },
  };
  expect(
    z
      .array(z.object({ path: z.string() }))
      .parse(problemsOf(wrong))
      .map(({ path }) => path),
  ).toEqual(["placed_at", "line_items[0].unit_price", "labels.giftWrap.shown_as", "outcome.paid_at"]);
});

test.each([
  ["null", null],
  ["a list", []],
  ["text", "x"],
  ["a number", 1],
])("%s is no body", (_, json) => {
  expect(problemsOf(json)).toEqual([{ path: "", message: expect.stringContaining("expected object") }]);
});

test("a member that every object has is nothing special", () => {
  const parsed: unknown = JSON.parse('{"order_id":"o1","__proto__":{"admin":true},"constructor":1}');
  const tolerant = snakeCase(z.object({ orderId: z.string() }));
  expect(tolerant.read(parsed)).toEqual({ orderId: "o1" });
});

test("what the schema does not allow is not written", () => {
  const at = snakeCase(z.object({ at: instant, size: z.int() }));
  expect(() => at.write({ at: new Date(), size: 1.5 })).toThrow(z.ZodError);
});
