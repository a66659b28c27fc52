import { basename } from "node:path";

/** The subgraph's name, for its command lines: its folder's, as everywhere. */
export const NAME = basename(import.meta.dirname);
