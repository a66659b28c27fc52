// The supergraphs on which random operations run, whatever else a test adds to them.
import { SUBGRAPHS } from "../../../../load/gateway/supergraph.ts";
import { KEYS } from "./keys.ts";
import { MEDIA } from "./media.ts";
import { NUMBERS } from "./numbers.ts";
import { SERIAL } from "./serial.ts";
import { SHOP } from "./shop.ts";

export const RANDOM_GRAPHS = {
  benchmark: SUBGRAPHS,
  shop: SHOP,
  keys: KEYS,
  media: MEDIA,
  numbers: NUMBERS,
  serial: SERIAL,
};
