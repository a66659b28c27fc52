// Requirements in chains through several subgraphs, with arguments that contradict each other. They are of values
// below, of other entities, and of interfaces that a subgraph knows as objects.
const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
  import: ["@key", "@shareable", "@external", "@requires", "@provides", "@interfaceObject"])`;

export const REQUIREMENTS: Readonly<Record<string, string>> = {
  catalog: `${LINK}
    type Query { media: [Media!] book(id: ID!): Book found: [Found] shelves: [[Book!]] }
    interface Media @key(fields: "id") { id: ID! title(style: String = "plain"): String }
    type Book implements Media @key(fields: "id") { id: ID! title(style: String = "plain"): String pages: Int size: Size author: Person }
    type Film implements Media @key(fields: "id") { id: ID! title(style: String = "plain"): String minutes: Int! }
    type Size { width: Int height(unit: String): Int! }
    type Person @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! name(form: String): String }
    union Found = Book | Film | Person
  `,
  ratings: `${LINK}
    type Query { best: [Media] }
    type Media @key(fields: "id") @interfaceObject {
      id: ID! title(style: String = "plain"): String @external
      score: Int @requires(fields: "title(style: \\"plain\\")") badge: String @requires(fields: "title(style: \\"loud\\")")
      voters: [Person!]
    }
    type Person @key(fields: "sku") { sku: ID! }
  `,
  shipping: `${LINK}
    type Query { parcels: [Book] }
    type Book @key(fields: "id") {
      id: ID! pages: Int @external size: Size @external score: Int @external
      parcel: String @requires(fields: "pages size { width height(unit: \\"in\\") }")
      price(currency: String): Int @requires(fields: "stamp size { height(unit: \\"cm\\") } score")
      stamp: String @external
    }
    type Size @external { width: Int height(unit: String): Int! }
  `,
  press: `${LINK}
    type Query { authors: [Person!] }
    type Book @key(fields: "id") { id: ID! parcel: String @external stamp: String @requires(fields: "parcel") review: Review }
    type Review { text: String book: Book critic: Person @provides(fields: "city") }
    type Person @key(fields: "id") {
      id: ID! name(form: String): String @external city: String @external
      bio: String @requires(fields: "name(form: \\"short\\")") cv: String! @requires(fields: "name(form: \\"long\\") city")
      books: [Book!]
    }
  `,
  places: `${LINK}
    type Person @key(fields: "id") {
      id: ID! city: String @shareable books: [Book!] @external
      worth: Int @requires(fields: "books { price(currency: \\"EUR\\") badge }")
    }
    type Book @key(fields: "id") { id: ID! price(currency: String): Int @external badge: String @external }
  `,
};
