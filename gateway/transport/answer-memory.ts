/**
 * Answers that come again byte for byte are parsed once: the question is asked every time, only the work on what comes back is spared.
 * Holds what came twice in a row, within a bound of bytes; what a subgraph tells each caller differently is never held.
 */
import { crc32 } from "node:zlib";
import { LRUCache } from "lru-cache";
import { internJson } from "./interned-json.ts";
import { parseJson } from "./lossless-json.ts";

export interface AnswerMemory {
  /** @throws SyntaxError when the answer is no JSON */
  read(question: string, answer: Buffer): ReceivedJson;
}

export interface ReceivedJson {
  readonly json: unknown;
  /** Is it held for others, too? Then it may not be changed, and equal objects within it are one. */
  readonly held: boolean;
  /** No string in it holds anything that JSON would escape. */
  readonly plain: boolean;
}

interface Held {
  readonly bytes: Buffer;
  readonly received: ReceivedJson;
}

const MAX_BYTES = 8 * 1024 * 1024;
/** Smaller ones are parsed as fast as they are compared, one larger would push out all others. */
const WORTH_IT = { least: 1_024, most: 1024 * 1024 };
/** Questions whose last answer is told by its checksum; a power of two. */
const SIGHTINGS = 4_096;
const BACKSLASH = 0x5c;

export function createAnswerMemory(): AnswerMemory {
  const held = new LRUCache<string, Held>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }, question) => bytes.length + question.length,
  });
  // Numbers instead of texts: what is seen once leaves nothing behind.
  const seen = new Int32Array(SIGHTINGS);

  /** Did the last answer to this question look the same? */
  function again(question: string, answer: Buffer): boolean {
    const asked = crc32(question);
    const place = asked & (SIGHTINGS - 1);
    const mark = crc32(answer, asked) | 0;
    if (seen[place] === mark) return true;
    seen[place] = mark;
    return false;
  }

  return {
    read(question, answer) {
      const { length } = answer;
      const plain = !answer.includes(BACKSLASH);
      if (length < WORTH_IT.least || length > WORTH_IT.most) return { json: parseJson(answer), held: false, plain };
      const before = held.get(question);
      if (before?.bytes.equals(answer) === true) return before.received;
      if (before !== undefined) held.delete(question);
      const json = parseJson(answer);
      if (!again(question, answer)) return { json, held: false, plain };
      const received = { json: internJson(json), held: true, plain };
      // A copy: the bytes that came in may be a part of something larger.
      held.set(question, { bytes: Buffer.from(answer), received });
      return received;
    },
  };
}
