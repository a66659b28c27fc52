/** One page of a list in the order of creation, newest first: ids sort by time. */
import type { Page } from "../../../platform/graphql/connection.ts";

export function keysetById({ direction, key, take }: Page) {
  const forward = direction === "forward";
  const order: "asc" | "desc" = forward ? "desc" : "asc";
  return {
    where: key === undefined ? {} : { id: forward ? { lt: key } : { gt: key } },
    orderBy: { id: order },
    /** The extra row tells that there are more. */
    take: take + 1,
  };
}
