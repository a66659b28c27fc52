import { expect, test } from "vitest";
import { UserFailure } from "../../../../platform/errors/user-failure.ts";
import { readDelivery } from "../../../../subgraphs/billing/usage/delivered-usage.ts";

const record = { meter: "events_per_month", quantity: 10, idempotencyKey: "key-of-one" };

function fieldsOf(body: unknown): string[] {
  try {
    readDelivery(body);
    return [];
  } catch (error) {
    if (!(error instanceof UserFailure)) throw error;
    return error.userErrors.map(({ code, field }) => `${code} ${field?.slice(1).join(".") ?? ""}`);
  }
}

test("one record is read, and a list of them; quantities come as numbers or texts [S14]", () => {
  expect(readDelivery(record)).toEqual({ isList: false, records: [{ ...record, quantity: 10n, at: null }] });
  const precise = { ...record, quantity: "9007199254740993", at: "2026-12-01T11:00:00+01:00" };
  expect(readDelivery([precise])).toEqual({
    isList: true,
    records: [{ ...precise, quantity: 9007199254740993n, at: new Date("2026-12-01T10:00:00.000Z") }],
  });
});

const { meter: _meter, ...nameless } = record;

test.each<[string, unknown, string[]]>([
  ["nothing", null, ["INVALID "]],
  ["a text", "text", ["INVALID "]],
  ["an empty list", [], ["INVALID "]],
  ["an empty record", {}, ["INVALID meter", "INVALID quantity", "INVALID idempotencyKey"]],
  ["a record of no meter", nameless, ["INVALID meter"]],
  ["a broken quantity", { ...record, quantity: 1.5 }, ["INVALID quantity"]],
  ["a number that JSON has no precision for", { ...record, quantity: 2 ** 53 }, ["INVALID quantity"]],
  ["a quantity with an exponent", { ...record, quantity: "1e3" }, ["INVALID quantity"]],
  ["a word for a moment", { ...record, at: "yesterday" }, ["INVALID at"]],
  ["seconds for a moment", { ...record, at: 1_764_000_000 }, ["INVALID at"]],
  ["a member that records lack", { ...record, organizationId: "org_1" }, ["INVALID "]],
  ["the second of a list", [record, { ...record, meter: 7 }], ["INVALID 1.meter"]],
  ["a list that is too long", Array.from({ length: 501 }, () => record), ["INVALID "]],
])("%s is refused with the place of what cannot be read [S14]", (_what, body, fields) => {
  expect(fieldsOf(body)).toEqual(fields);
});
