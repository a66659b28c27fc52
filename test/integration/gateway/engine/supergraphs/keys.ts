// Several keys, compound and nested keys, @override, nullable keys, requirements through entities, fields with clashing
// types.
export const KEYS: Readonly<Record<string, string>> = {
  catalog: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
    type Query { items(first: Int): [Item] item(id: ID!): Item mixed: [Mixed!]! }
    type Item @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! label: String shape: Shape color: String parent: Item }
    type Shape { name: String! sides: Int }
    union Mixed = Item | Note
    type Note { text(upper: Boolean): String! author: Writer }
    type Writer @key(fields: "id") { id: ID! pen: String }
  `,
  pricing: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@override", "@external", "@requires", "@shareable"])
    type Query { cheapest: [Item] }
    type Item @key(fields: "sku") { sku: ID! color: String @override(from: "catalog") amount(tax: Boolean = true): Float! discount: Discount label: String @external tag: String @requires(fields: "label") }
    type Discount { percent: Int! @shareable until: String items: [Item!] }
  `,
  stock: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires", "@shareable"])
    type Item @key(fields: "id") { id: ID! discount: Discount @external left: Int reserve: Int! @requires(fields: "discount { percent until }") places: [[Place]] }
    type Discount @key(fields: "percent", resolvable: false) { percent: Int! @shareable until: String @external }
    type Place { name: String item: Item keeper: Writer }
    type Writer @key(fields: "id") { id: ID! keeps: [Item] }
  `,
};
