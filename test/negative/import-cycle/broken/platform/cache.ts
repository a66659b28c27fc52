import type { Tag } from "./tag.ts";

export interface Entry {
  readonly tags: readonly Tag[];
}
