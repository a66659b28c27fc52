/**
 * What processes that share a cache tell each other over Redis' publish and subscribe: what no longer holds, and that
 * they are heard.
 */
import { z } from "zod";

const noticeSchema = z.union([
  /** Its sender hears it itself: everything that was told before, it has heard. `ping` is the time on its own clock. */
  z.object({ from: z.string(), ping: z.number() }),
  /** Keys and tags whose entries are void, or all. */
  z.object({
    from: z.string(),
    all: z.boolean(),
    keys: z.array(z.string()),
    tags: z.array(z.string()),
  }),
  /** What is older than this version is void. */
  z.object({ from: z.string(), key: z.string(), version: z.number() }),
]);

export type Notice = z.infer<typeof noticeSchema>;

export const channelOf = (namespace: string): string => `${namespace}:notices`;

export function encodeNotice(notice: Notice): string {
  return JSON.stringify(notice);
}

/** `undefined` for what this release does not understand: it may have meant anything. */
export function decodeNotice(text: string): Notice | undefined {
  try {
    return noticeSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
