// The data of the public gateway benchmark's four subgraphs, in its sizes: 6 users, 9 products, 11 reviews of about 350
// bytes: an answer of 88 KB.
export interface Review {
  readonly id: string;
  readonly body: string;
  readonly upc: string;
}

export const USERS = ["Ada Love", "Grace Hop", "Edsger Dyk", "Barbara Lis", "Donald Knu", "Tony Hoa"].map(
  (name, index) => ({
    id: String(index + 1),
    name,
    username: name.toLowerCase().replace(" ", ""),
    birthday: 1_234_567_890,
  }),
);

export const PRODUCTS = [
  ["Table", 899, 100],
  ["Couch", 1_299, 1_000],
  ["Glass", 15, 20],
  ["Chair", 499, 100],
  ["TV", 1_299, 1_000],
  ["Lamp", 6_999, 300],
  ["Grill", 3_999, 2_000],
  ["Fridge", 100_000, 6_000],
  ["Sofa", 9_999, 800],
].map(([name, price, weight], index) => ({ upc: String(index + 1), name, price, weight, inStock: index % 2 === 0 }));

const SENTENCE =
  "It came on time, stands where it should, and does what it was bought for; a second one would be bought again without a thought, and has been. ";

/** Reviews per product: 4, 4, 1, 2. */
export const REVIEWS: readonly Review[] = ["1", "1", "1", "1", "2", "2", "2", "2", "3", "4", "4"].map((upc, index) => ({
  id: String(index + 1),
  body: `${SENTENCE.repeat(3)}`.slice(0, 348 + index),
  upc,
}));
