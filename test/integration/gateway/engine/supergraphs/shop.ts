// Aliases with different arguments on one entity at two paths, @requires, @provides, nested lists, values shared by two
// subgraphs.
export const SHOP: Readonly<Record<string, string>> = {
  accounts: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
    type Query { me: User users(first: Int = 3): [User!]! user(id: ID!): User }
    type User @key(fields: "id") { id: ID! name(style: String): String username: String! @shareable address: Address @shareable friends: [User] }
    type Address @shareable { street: String zip: String! }
  `,
  products: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
    type Query { topProducts(first: Int = 3): [Product!]! product(upc: ID!): Product grid: [[Product]!] }
    type Product @key(fields: "upc") { upc: ID! name: String! price(currency: String = "EUR"): Int weight: Int! size: Size related: [[Product!]] maker: User }
    type Size @shareable { width: Int! height: Int }
    type User @key(fields: "id", resolvable: false) { id: ID! }
  `,
  inventory: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires", "@shareable"])
    type Product @key(fields: "upc") {
      upc: ID! weight: Int! @external size: Size @external price(currency: String = "EUR"): Int @external
      inStock: Boolean shipping(fast: Boolean = false): Int @requires(fields: "weight price") parcel: String! @requires(fields: "size { width height } weight")
      warehouses: [Warehouse!]
    }
    type Size @shareable { width: Int! height: Int }
    type Warehouse { code: ID! city: String products: [Product] }
  `,
  reviews: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@provides", "@shareable"])
    type Query { latest: [Review] }
    type Review { id: ID! body(length: Int): String stars: Int! author: User @provides(fields: "username") product: Product }
    type User @key(fields: "id") { id: ID! username: String! @external reviews(first: Int): [Review] address: Address @shareable }
    type Address @shareable { street: String zip: String! }
    type Product @key(fields: "upc") { upc: ID! reviews(first: Int): [Review!] }
  `,
};
