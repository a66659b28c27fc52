/**
 * The cursor: where a subscriber stands in one stream. Opaque and signed, so that a client can neither read another
 * stream's events with it nor invent a position.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";

export interface Cursor {
  readonly topic: string;
  /** Of the topic: offsets of another epoch mean nothing. */
  readonly epoch: string;
  readonly partition: number;
  /** The next offset to deliver. */
  readonly next: bigint;
  readonly key: string;
  /** Sequence of the last event of the key below `next`; `null` when none was seen. */
  readonly sequence: bigint | null;
}

/** A verified cursor. The key is known by its hash only: compare with `matches`. */
export interface ReadCursor extends Omit<Cursor, "key"> {
  matches(topic: string, key: string): boolean;
}

/** What a cursor says of itself, whoever made it: to look at, never to act upon. */
export interface CursorClaims extends Omit<Cursor, "key"> {
  readonly keyHash: string;
}

export interface CursorCodec {
  encode(cursor: Cursor): string;
  /** `undefined` for anything that this installation did not sign. */
  decode(text: string): ReadCursor | undefined;
}

const VERSION = 1;
const SIGNATURE_BYTES = 16;
const MAX_LENGTH = 1_024;

const number = z.string().regex(/^\d{1,20}$/);
const payload = z.tuple([
  z.literal(VERSION),
  z.string(),
  z.string(),
  z.int().nonnegative(),
  number,
  z.string(),
  number.nullable(),
]);

export function createCursorCodec(secret: string): CursorCodec {
  // A key of its own per purpose: the same secret may sign other things one day.
  const signingKey = createHash("sha256").update(`tributary live cursor\n${secret}`).digest();
  const sign = (body: Buffer) => createHmac("sha256", signingKey).update(body).digest().subarray(0, SIGNATURE_BYTES);

  return {
    encode({ topic, epoch, partition, next, key, sequence }) {
      const fields = [
        VERSION,
        topic,
        epoch,
        partition,
        String(next),
        hashKey(topic, key),
        sequence?.toString() ?? null,
      ];
      const body = Buffer.from(JSON.stringify(fields));
      return Buffer.concat([sign(body), body]).toString("base64url");
    },
    decode(text) {
      const parts = split(text);
      if (parts === undefined || !timingSafeEqual(parts.signature, sign(parts.body))) return undefined;
      const claims = readBody(parts.body);
      if (claims === undefined) return undefined;
      const { keyHash, ...cursor } = claims;
      const { topic } = cursor;
      return {
        ...cursor,
        matches: (otherTopic, key) => topic === otherTopic && keyHash === hashKey(otherTopic, key),
      };
    },
  };
}

/** @returns `undefined` for text that no codec of any installation writes */
export function readClaims(text: string): CursorClaims | undefined {
  const parts = split(text);
  return parts === undefined ? undefined : readBody(parts.body);
}

function split(text: string): { readonly signature: Buffer; readonly body: Buffer } | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const bytes = Buffer.from(text, "base64url");
  // Buffer ignores what is not base64url; a cursor has one spelling only.
  if (bytes.length <= SIGNATURE_BYTES || bytes.toString("base64url") !== text) return undefined;
  return { signature: bytes.subarray(0, SIGNATURE_BYTES), body: bytes.subarray(SIGNATURE_BYTES) };
}

function readBody(body: Buffer): CursorClaims | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
  const read = payload.safeParse(json);
  if (!read.success) return undefined;
  const [, topic, epoch, partition, next, keyHash, sequence] = read.data;
  return {
    topic,
    epoch,
    partition,
    next: BigInt(next),
    sequence: sequence === null ? null : BigInt(sequence),
    keyHash,
  };
}

function hashKey(topic: string, key: string): string {
  return createHash("sha256").update(`${topic}\n${key}`).digest("base64url").slice(0, 16);
}
