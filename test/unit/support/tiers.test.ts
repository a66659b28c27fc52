import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leftOut } from "../../support/left-out.ts";
import { belongsTo, SIZES, sizeOf, TIERS } from "../../tiers.ts";

const root = join(import.meta.dirname, "../../..");
const BROKER = { project: "conformance", file: "test/conformance/broker-away.test.ts" };
const HOURS = { project: "conformance", file: "test/conformance/hours.long.test.ts" };
const UNIT = { project: "unit", file: "test/unit/support/wait.test.ts" };

test.each(Object.entries(SIZES))(
  "the size %s is read by the test that it names, and is longer in the long tier",
  (name, size) => {
    expect(readFileSync(join(root, "test", size.file), "utf8")).toContain(`sizeOf("${name}")`);
    expect(size.long).toBeGreaterThan(size.short);
  },
);

test("a test file without a size is in the short tier, one with a size in both, and a long one in the long tier", () => {
  const tiersOf = ({ file }: { readonly file: string }) =>
    [TIERS.short, TIERS.long].filter((tier) => belongsTo(tier, file)).map(({ name }) => name);
  expect(tiersOf(UNIT)).toEqual(["short"]);
  expect(tiersOf(BROKER)).toEqual(["short", "long"]);
  expect(tiersOf(HOURS)).toEqual(["long"]);
});

test("the tier of a command decides the size", () => {
  const { TEST_TIER } = process.env;
  try {
    process.env["TEST_TIER"] = "long";
    expect(sizeOf("brokerOutageMs")).toBe(SIZES.brokerOutageMs.long);
    process.env["TEST_TIER"] = "short";
    expect(sizeOf("brokerOutageMs")).toBe(SIZES.brokerOutageMs.short);
  } finally {
    process.env["TEST_TIER"] = TEST_TIER;
  }
});

test("the short tier names the long versions of what was selected", () => {
  expect(leftOut(TIERS.short, [UNIT, HOURS, BROKER])).toEqual([
    "Left to npm run test:long:",
    "  test/conformance/broker-away.test.ts: 60000 ms without Kafka; here 10000",
    "  test/conformance/hours.long.test.ts",
  ]);
  expect(leftOut(TIERS.short, [UNIT])).toEqual([]);
});

test("the long tier counts, per project, the files that only the short one runs", () => {
  expect(leftOut(TIERS.long, [UNIT, HOURS, BROKER])).toEqual(["Left to npm test:", "  unit: 1 file"]);
  expect(leftOut(TIERS.long, [HOURS, BROKER])).toEqual([]);
});
