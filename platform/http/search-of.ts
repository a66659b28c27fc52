import type { FastifyRequest } from "fastify";

/** What follows the path in the address, with its `?`; empty when there is nothing. */
export function searchOf({ url }: FastifyRequest): string {
  const mark = url.indexOf("?");
  return mark === -1 ? "" : url.slice(mark);
}
