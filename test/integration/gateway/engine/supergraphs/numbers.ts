// Numbers that a double changes: in keys, in what is required, in arguments, in answers.
export const NUMBERS: Readonly<Record<string, string>> = {
  ledger: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
    scalar Long scalar Decimal scalar Any
    input Filter { above: Long below: Decimal! any: Any within: [Filter!] id: ID share: Float count: Int }
    type Query {
      account(serial: Long!): Account accounts(filter: Filter): [Account!]! entry(rate: Decimal, counts: [Long!], any: Any): Entry
      by(id: ID!, count: Int, share: Float = 0.5): Account
    }
    type Account @key(fields: "serial") {
      serial: Long! balance: Decimal limit(of: Long, scale: Decimal): Long any(path: Any): Any entries(filter: Filter): [Entry] holder: Holder
    }
    type Entry { amount: Decimal! count: Int share: Float of: Account digits: [[Long]!] }
    type Holder @key(fields: "id serial") { id: ID! serial: Long! }
  `,
  audit: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires"])
    scalar Long scalar Decimal scalar Any
    type Account @key(fields: "serial") {
      serial: Long! balance: Decimal @external any(path: Any): Any @external digest: Any @external
      checked(since: Long): Decimal fee(per: Decimal): Decimal @requires(fields: "balance") mark: Any @requires(fields: "any(path: 3) digest")
    }
    type Holder @key(fields: "id serial") { id: ID! serial: Long! accounts(first: Int): [Account!] worth: Decimal }
  `,
  archive: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires"])
    scalar Long scalar Decimal scalar Any
    type Account @key(fields: "serial") {
      serial: Long! fee(per: Decimal): Decimal @external digest: Any @requires(fields: "fee(per: 2)") pages(from: Long): [Page!]
    }
    type Page { number: Long text(any: Any): String account: Account }
  `,
};
