// Documents meant to cost much more to look at than to send, each within the limit of a request's size. Every one comes
// in as many different texts as are asked for, so that nothing remembers it.
import { getIntrospectionQuery } from "graphql";

export interface HostileRequest {
  readonly query: string;
  /** JSON. */
  readonly variables?: string;
}

export type HostileDocument = readonly [name: string, make: (salt: number) => HostileRequest];

const times = (count: number, write: (at: number) => string, separator = " ") =>
  Array.from({ length: count }, (_, at) => write(at)).join(separator);
const nested = (count: number, open: (at: number) => string, inner: string, close = "}") =>
  `${times(count, open)} ${inner} ${close.repeat(count)}`;

/** Where a graph leads back to the same type. */
export interface Recursion {
  readonly type: string;
  /** From the root to a value of the type, its selection set opened, and what closes it. */
  readonly root: readonly [opens: string, closes: string];
  /** From one value of the type to the next. */
  readonly next: readonly [opens: string, closes: string];
  /** How often that may be repeated within the limit on depth. */
  readonly depth: number;
  readonly leaf: string;
}

/** The platform's graph. */
export const ACCOUNTS: Recursion = {
  type: "BillingAccount",
  root: ['organization(id: "x") { billingAccount {', "} }"],
  next: ["organization { billingAccount {", "} }"],
  depth: 6,
  leaf: "id",
};

/** The graph that traps planners. */
export const ITEMS: Recursion = { type: "Item", root: ["item {", "}"], next: ["next {", "}"], depth: 12, leaf: "name" };

/** Any graph's. */
export function hostileDocuments({ type, root, next, depth, leaf }: Recursion): readonly HostileDocument[] {
  const below = (selection: string) => `{ ${root[0]} ${selection} ${root[1]} }`;
  const [opens, closes] = next;
  const fragments = (count: number, body: (at: number) => string, last: string) =>
    `${times(count, (at) => `fragment F${at} on ${type} { ${body(at + 1)} }`)} fragment F${count} on ${type} { ${last} }`;
  const query = (text: (salt: number) => string): ((salt: number) => HostileRequest) => {
    return (salt) => ({ query: `${text(salt)} # ${salt}` });
  };
  return [
    ["10,000 tokens", query(() => `{ ${"a ".repeat(10_000)}}`)],
    ["200 KB of opening braces", query(() => "{a".repeat(100_000))],
    ["200 KB of opening brackets in a value", query(() => `{ a(b: ${"[".repeat(200_000)}) }`)],
    ["200 KB of commas and blanks", query(() => `{ ${", ".repeat(100_000)} __typename }`)],
    ["200 KB of comments", query(() => `{ ${"#\n".repeat(100_000)} __typename }`)],
    ["200 KB of a name", query((salt) => `{ ${"a".repeat(200_000)}${salt} }`)],
    ["200 KB of an integer", query(() => `{ a(b: ${"9".repeat(200_000)}) }`)],
    ["200 KB of a string", query(() => `{ a(b: "${"x".repeat(200_000)}") }`)],
    ["200 KB of a block string", query(() => `{ a(b: """${"\n  x".repeat(50_000)}""") }`)],
    ["200 KB of escapes", query(() => `{ a(b: "${"\\u0041".repeat(33_000)}") }`)],
    ["200 KB of unicode names", query(() => `{ ${"ä".repeat(100_000)} }`)],
    ["300 aliases", query(() => `{ ${times(300, (at) => `a${at}: __typename`)} }`)],
    ["800 directives at a field", query(() => `{ __typename ${"@a".repeat(800)} }`)],
    ["400 directives over the fields", query(() => `{ ${times(100, () => "__typename @a @b @c @d")} }`)],
    ["unknown fields", query((salt) => below(times(450, (at) => `${leaf}${at}x${salt}`)))],
    ["unknown fragments", query(() => below(times(300, (at) => `...G${at}`)))],
    [
      "unused fragments",
      query((salt) => `{ __typename } ${times(150, (at) => `fragment G${at}x${salt} on ${type} { ${leaf} }`)}`),
    ],
    ["unknown variables", query(() => below(times(180, (at) => `${leaf} @include(if: $v${at})`)))],
    ["unused variables", query(() => `query (${times(200, (at) => `$v${at}: Int`)}) { __typename }`)],
    ["many operations", query(() => times(190, (at) => `query Q${at} { __typename }`))],
    [
      "a fragment in each other",
      query(() => `${below("...F0")} fragment F0 on ${type} { ...F1 } fragment F1 on ${type} { ...F0 }`),
    ],
    ["a cycle of fragments", query(() => `${below("...F0")} ${fragments(120, (at) => `...F${at}`, "...F0")}`)],
    [
      "a fragment bomb of spreads",
      query(() => `${below("...F0")} ${fragments(60, (at) => `...F${at} ...F${at} ...F${at}`, leaf)}`),
    ],
    [
      "a fragment bomb of fields",
      query(
        () =>
          `${below("...F0")} ${fragments(depth - 1, (at) => `${opens} ...F${at} ...F${at} ...F${at} ...F${at} ${closes}`, leaf)}`,
      ),
    ],
    [
      "a fragment bomb of aliases",
      query(
        () => `${below("...F0")} ${fragments(4, (at) => times(5, (n) => `a${n}: ${opens} ...F${at} ${closes}`), leaf)}`,
      ),
    ],
    [
      "as deep as allowed, as broad as allowed",
      query(() => below(nested(depth, (at) => `${leaf} a${at}: ${opens}`, leaf, closes))),
    ],
    ["equal fields", query(() => below(times(900, () => leaf)))],
    ["equal fields with selections", query(() => below(times(230, () => `${opens} ${leaf} ${closes}`)))],
    ["equal nested fields", query(() => below(times(26, () => nested(depth - 1, () => opens, leaf, closes))))],
    [
      "equal fields in fragments of their own",
      query(
        () => `${below(times(90, (at) => `...G${at}`))} ${times(90, (at) => `fragment G${at} on ${type} { ${leaf} }`)}`,
      ),
    ],
    [
      "equal fields with selections in fragments of their own",
      query(
        () =>
          `${below(times(60, (at) => `...G${at}`))} ${times(60, (at) => `fragment G${at} on ${type} { ${opens} ${leaf} ${closes} }`)}`,
      ),
    ],
    [
      "fragments that meet at each level",
      query(
        () =>
          `${below("...F0 ...G0")} ${fragments(depth - 2, (at) => `${opens} ...F${at} ...G${at} ${closes}`, leaf)} ${fragments(
            depth - 2,
            (at) => `${opens} ...F${at} ...G${at} ${leaf} ${closes}`,
            leaf,
          ).replaceAll("fragment F", "fragment G")}`,
      ),
    ],
    [
      "inline fragments that meet at each level",
      query(() =>
        below(nested(depth, () => `... { ${opens} ${leaf} ${closes} } ... { ${leaf} } ${opens}`, leaf, closes)),
      ),
    ],
    [
      "equal fields that nobody uses",
      query(() => `{ __typename } fragment F on ${type} { ${times(230, () => `${opens} ${leaf} ${closes}`)} }`),
    ],
    ["200 inline fragments", query(() => below(times(200, () => `... on ${type} { ${leaf} }`)))],
    ["inline fragments in each other", query(() => below(nested(240, () => "... {", leaf)))],
    [
      "conflicts everywhere",
      query(() => below(times(30, (at) => `x: ${at % 2 === 0 ? leaf : "__typename"}`) + times(200, () => ` ${leaf}`))),
    ],
    [
      "conditions everywhere",
      (salt) => ({
        query: `query (${times(16, (at) => `$v${at}: Boolean!`)}) ${below(times(16, (at) => `... @include(if: $v${at}) { ${opens} ${leaf} ${closes} }`))} # ${salt}`,
        variables: `{ ${times(16, (at) => `"v${at}": true`, ",")} }`,
      }),
    ],
    [
      "conditions within conditions",
      (salt) => ({
        query: `query (${times(10, (at) => `$v${at}: Boolean!`)}) ${below(nested(depth - 1, (at) => `... @include(if: $v${at}) { ${opens} ... @skip(if: $v${at}) { ${opens} ${leaf} ${closes} }`, leaf, `${closes} }`))} # ${salt}`,
        variables: `{ ${times(10, (at) => `"v${at}": true`, ",")} }`,
      }),
    ],
    [
      "two conditions at each field",
      (salt) => ({
        query: `query (${times(50, (at) => `$v${at}: Boolean!`)}) ${below(times(25, (at) => `... @include(if: $v${at}) @skip(if: $v${at + 25}) { ${opens} ${leaf} ${closes} }`))} # ${salt}`,
        variables: `{ ${times(50, (at) => `"v${at}": ${at < 25}`, ",")} }`,
      }),
    ],
    ["introspection", query(() => getIntrospectionQuery())],
    [
      "introspection in circles",
      query(() => `{ __schema { types { ${nested(5, () => "fields { type {", "name", "} }")} } } }`),
    ],
    [
      "introspection by aliases",
      query(() => `{ ${times(20, (at) => `a${at}: __schema { types { fields { name type { name } } } }`)} }`),
    ],
    [
      "introspection along all ways",
      query(
        () =>
          `{ __schema { types { ...T fields { type { ...T } args { type { ...T } } } } } } ${"fragment T on __Type { name description fields { name description args { name type { name } } type { name kind ofType { name kind } } } interfaces { ...U } possibleTypes { ...U } } fragment U on __Type { name fields { name args { name } } }"}`,
      ),
    ],
    ...["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"].flatMap((name): HostileDocument[] => [
      [`\`${name}\` as a field`, query(() => below(name))],
      [`\`${name}\` as an alias`, query(() => below(`${name}: ${leaf}`))],
      [`\`${name}\` as a fragment`, query(() => `${below(`...${name}`)} fragment ${name} on ${type} { ${leaf} }`)],
      [`\`${name}\` as a type condition`, query(() => below(`... on ${name} { ${leaf} }`))],
      [`\`${name}\` as a directive`, query(() => below(`${leaf} @${name}`))],
      [`\`${name}\` as an argument`, query(() => below(`${leaf}(${name}: 1)`))],
      [`\`${name}\` as an operation`, query(() => `query ${name} ${below(leaf)}`)],
      [
        `\`${name}\` as a variable`,
        (salt) => ({
          query: `query ($${name}: Boolean!) ${below(`${leaf} @include(if: $${name})`)} # ${salt}`,
          variables: `{ "${name}": true }`,
        }),
      ],
    ]),
    [
      "a variable of nested lists",
      (salt) => ({
        query: `query ($v: [Int]) ${below(leaf)} # ${salt}`,
        variables: `{ "v": ${"[".repeat(50_000)}${"]".repeat(50_000)} }`,
      }),
    ],
    [
      "a variable that is a long list",
      (salt) => ({
        query: `query ($v: [ID!]) ${below(`${leaf} @include(if: $v)`)} # ${salt}`,
        variables: `{ "v": [${times(60_000, () => '"x"', ",")}] }`,
      }),
    ],
    [
      "20,000 variables",
      (salt) => ({
        query: `${below(leaf)} # ${salt}`,
        variables: `{ ${times(20_000, (at) => `"v${at}": 1`, ",")} }`,
      }),
    ],
    [
      "2,500 members that nobody asked for",
      (salt) => ({
        query: `${below(leaf)} # ${salt}`,
        variables: `{ ${times(2_500, (at) => `"v${at}": 1`, ",")} }`,
      }),
    ],
  ];
}
