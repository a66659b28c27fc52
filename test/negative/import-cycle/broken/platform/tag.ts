import type { Entry } from "./cache.ts";

export interface Tag {
  readonly entries: readonly Entry[];
}
