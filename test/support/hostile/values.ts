// Values that programs get wrong: text that no store takes, numbers and moments beyond the edge, JSON of another shape.
import fc from "fast-check";

const TEXTS = [
  "a\u0000b",
  "half \ud83d",
  "\ude00",
  "",
  " ",
  "\u200B\u3164",
  "\u{E0067}\u{E0062}",
  "\u202Eevil",
  "\uFEFF\u00AD",
  "é".normalize("NFD"),
  "__proto__",
  "<script>alert(1)</script>",
  "=cmd|'/C calc'!A0",
  '\'; DROP TABLE "user"; --',
  "%00%ff",
  "{{7*7}}",
  "../../etc/passwd",
  "9".repeat(400),
  "x".repeat(5_000),
  "\u{1F468}\u200D".repeat(700),
  "a\u0301".repeat(700),
];
const MOMENTS = [
  "0000-01-01T00:00:00Z",
  "0000-12-31T23:59:59.999-00:01",
  "0001-01-01T00:00:00+23:59",
  "9999-12-31T23:59:59.999-23:59",
  "+275760-09-13T00:00:00Z",
  "-000001-01-01T00:00:00Z",
  "2026-02-30T00:00:00Z",
  "2026-01-01T23:59:60Z",
  "1969-12-31T23:59:59.999Z",
  `2026-01-01T00:00:00.${"9".repeat(300)}Z`,
];
const NUMBERS = [0, -1, 101, 2_147_483_647, -2_147_483_648, 2_147_483_648, 2 ** 53, 1e308, 0.5, -0];

/** Everything a JavaScript text can be, halves of characters included. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
);

/** What an id becomes when it is nearly one. @param own ids of the caller */
const spoiledId = (own: readonly string[]) =>
  fc
    .tuple(
      fc.constantFrom(...own),
      fc.constantFrom("\u0000", "\ud83d", " ", "\n", "%", "a"),
      fc.constantFrom("behind", "before", "within", "upper"),
    )
    .map(([id, spoiler, where]) => {
      if (where === "behind") return `${id}${spoiler}`;
      if (where === "before") return `${spoiler}${id}`;
      if (where === "upper") return id.toUpperCase();
      return `${id.slice(0, 8)}${spoiler}${id.slice(8)}`;
    });

/** What is sent to each place in every run: each has once been an internal error somewhere. */
export const KNOWN_EVILS: readonly unknown[] = [TEXTS[0], TEXTS[1], MOMENTS[0], "9".repeat(400), 2_147_483_648, {}];

/** Written into a document, it once kept the planner busy for ever. */
export const DEEP_JSON = nested(150);

/** @param own ids of the caller */
export function hostileValue(own: readonly string[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
    { weight: 4, arbitrary: anyText },
    { weight: 3, arbitrary: spoiledId(own) },
    { weight: 2, arbitrary: fc.constantFrom(...MOMENTS) },
    { weight: 2, arbitrary: fc.oneof(fc.constantFrom(...NUMBERS), fc.double({ noNaN: true }), fc.integer()) },
    { weight: 1, arbitrary: fc.constantFrom(null, true, false, [], {}, [[]], [null]) },
    { weight: 2, arbitrary: fc.object({ key: anyText, values: [anyText, fc.integer(), fc.constant(null)] }) },
    { weight: 1, arbitrary: fc.array(anyText, { maxLength: 120 }) },
    { weight: 1, arbitrary: fc.nat(300).map((depth) => nested(depth)) },
  );
}

function nested(depth: number): unknown {
  let value: unknown = "deep";
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** The value as it stands in a document; undefined where GraphQL has no way to write it. */
export function literalOf(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const items = value.map(literalOf);
    return items.includes(undefined) ? undefined : `[${items.join(", ")}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => [name, literalOf(member)] as const);
  if (members.some(([name, member]) => member === undefined || !/^[A-Za-z_]\w*$/.test(name))) return undefined;
  return `{${members.map(([name, member]) => `${name}: ${member}`).join(", ")}}`;
}
