/** The text of one entry in Redis. Text of another format, damaged or too old to be served is no entry. */
import { z } from "zod";
import { decodeValue, encodeValue } from "./value-codec.ts";

const FORMAT = 1;

const entrySchema = z.object({
  format: z.literal(FORMAT),
  expiresAt: z.number(),
  marks: z.array(z.tuple([z.string(), z.string()])),
  value: z.string().optional(),
});

export interface RedisEntry {
  readonly expiresAt: number;
  /** Names and contents of the marks that must still be there for the entry to be valid. */
  readonly marks: readonly (readonly [string, string])[];
  readonly value: unknown;
}

/** @throws TypeError for a value that cannot be cached */
export function encodeEntry({ expiresAt, marks, value }: RedisEntry): string {
  return JSON.stringify({ format: FORMAT, expiresAt, marks, value: encodeValue(value) });
}

/** What holds a deletion's version. Sorts before every entry, since those end later. */
export const TOMBSTONE = JSON.stringify({ format: FORMAT, expiresAt: 0, marks: [] });

/** `undefined` for everything that is not to be served. */
export function decodeEntry(text: string, now: number): RedisEntry | undefined {
  try {
    const { expiresAt, marks, value } = entrySchema.parse(JSON.parse(text));
    return value === undefined || expiresAt <= now ? undefined : { expiresAt, marks, value: decodeValue(value) };
  } catch {
    return undefined;
  }
}
