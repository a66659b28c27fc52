// Mutations of three subgraphs, whose results lead to entities of others, and to requirements that require.
export const SERIAL: Readonly<Record<string, string>> = {
  accounts: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
    type Query { account(id: ID!): Account }
    type Mutation { open(name: String): Account rename(id: ID!, to: String): Account! touch(n: Int): Int many(n: Int): [Account!] }
    type Account @key(fields: "id") { id: ID! name(style: String): String balance: Int }
  `,
  orders: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires"])
    type Mutation { order(n: Int): Order cancel(id: ID): Account pay(amount: Int): Int }
    type Order @key(fields: "id") { id: ID! total(currency: String): Int buyer: Account }
    type Account @key(fields: "id") {
      id: ID! orders(first: Int): [Order!] balance: Int @external credit(of: Int): Int @requires(fields: "balance")
    }
  `,
  mail: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires"])
    type Mutation { send(n: Int): Sent stamp(n: Int): Order tick: Int }
    union Sent = Letter | Order
    type Letter { text: String to: Account! about: Order }
    type Order @key(fields: "id") { id: ID! total(currency: String): Int @external letter: Letter @requires(fields: "total(currency: \\"EUR\\")") }
    type Account @key(fields: "id") {
      id: ID! credit(of: Int): Int @external letters: [Letter] rank: String @requires(fields: "credit(of: 2)")
    }
  `,
};
