/**
 * How much memory a parsed document takes, in tokens: about 350 bytes each. Caches of documents that anybody can fill
 * are bounded by it.
 */
import type { DocumentNode } from "graphql";

/** Takes time linear in the document. @param document parsed with its locations; others count as one token */
export function tokensIn({ loc }: DocumentNode): number {
  let count = 1;
  for (let token = loc?.startToken.next; token != null; token = token.next) count += 1;
  return count;
}
