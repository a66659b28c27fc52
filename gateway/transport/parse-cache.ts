/**
 * Caches parsed answers: bytes that come again for the same question are not parsed again. The subgraph is still called
 * every time. An answer enters after it came twice in a row, within a bound of bytes. Answers that differ by caller
 * never enter.
 */
import { crc32 } from "node:zlib";
import { LRUCache } from "lru-cache";
import { internJson } from "./interned-json.ts";
import { parseJson } from "./lossless-json.ts";

export interface ParseCache {
  /** @throws SyntaxError when the answer is no JSON */
  read(question: string, answer: Buffer): ReceivedJson;
}

export interface ReceivedJson {
  readonly json: unknown;
  /** It is shared with later callers. It may not be changed, and equal objects within it are one. */
  readonly cached: boolean;
  /** No string in it holds anything that JSON would escape. */
  readonly plain: boolean;
}

interface CacheEntry {
  readonly bytes: Buffer;
  readonly received: ReceivedJson;
}

const MAX_BYTES = 8 * 1024 * 1024;
/** Smaller ones are parsed as fast as they are compared, one larger would push out all others. */
const CACHEABLE_BYTES = { least: 1_024, most: 1024 * 1024 };
/** Questions whose last answer is told by its checksum; a power of two. */
const SEEN_SLOTS = 4_096;
const BACKSLASH = 0x5c;

export function createParseCache(): ParseCache {
  const entries = new LRUCache<string, CacheEntry>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }, question) => bytes.length + question.length,
  });
  // Numbers instead of texts: what is seen once leaves nothing behind.
  const seen = new Int32Array(SEEN_SLOTS);

  /** Did the last answer to this question look the same? */
  function sameAsLast(question: string, answer: Buffer): boolean {
    const questionHash = crc32(question);
    const place = questionHash & (SEEN_SLOTS - 1);
    const mark = crc32(answer, questionHash) | 0;
    if (seen[place] === mark) return true;
    seen[place] = mark;
    return false;
  }

  return {
    read(question, answer) {
      const { length } = answer;
      const plain = !answer.includes(BACKSLASH);
      if (length < CACHEABLE_BYTES.least || length > CACHEABLE_BYTES.most)
        return { json: parseJson(answer), cached: false, plain };
      const cachedEntry = entries.get(question);
      if (cachedEntry?.bytes.equals(answer) === true) return cachedEntry.received;
      if (cachedEntry !== undefined) entries.delete(question);
      const json = parseJson(answer);
      if (!sameAsLast(question, answer)) return { json, cached: false, plain };
      const received = { json: internJson(json), cached: true, plain };
      // A copy: the bytes that came in may be a part of something larger.
      entries.set(question, { bytes: Buffer.from(answer), received });
      return received;
    },
  };
}
