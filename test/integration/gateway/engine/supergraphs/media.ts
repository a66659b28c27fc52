// Interfaces, interface objects, unions, entities behind abstract types.
export const MEDIA: Readonly<Record<string, string>> = {
  library: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
    type Query { media(id: ID!): Media library: [Media!]! search(text: String): [Found] latest: Book }
    interface Media @key(fields: "id") { id: ID! title: String! }
    type Book implements Media @key(fields: "id") { id: ID! title: String! pages: Int author: Person }
    type Film implements Media @key(fields: "id") { id: ID! title: String! minutes: Int! cast: [Person] }
    type Person @key(fields: "id") { id: ID! name: String }
    union Found = Book | Film | Person
  `,
  ratings: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@interfaceObject"])
    type Query { bestRated: [Media!] }
    type Media @key(fields: "id") @interfaceObject { id: ID! rating(scale: Int = 5): Float votes: [Vote!]! }
    type Vote { stars: Int! by: Person media: Media }
    type Person @key(fields: "id") { id: ID! votes: [Vote] }
  `,
  people: `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
    type Query { person(id: ID!): Person owners: [Owner!] }
    interface Owner { id: ID! label: String }
    type Person implements Owner @key(fields: "id") { id: ID! label: String born: Int owns: [Thing] }
    type Company implements Owner @key(fields: "id") { id: ID! label: String staff: [Person!] }
    union Thing = Book | Film
    type Book @key(fields: "id", resolvable: false) { id: ID! }
    type Film @key(fields: "id", resolvable: false) { id: ID! }
  `,
};
