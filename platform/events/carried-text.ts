/**
 * The text of a record within another record, which must fit into one as well. Text that quoting makes too long is
 * packed; text that is too long even then is cut, and says so.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";

/** Of a text, quoted: leaves room for what stands around it below a Kafka broker's default record limit. */
const MAX_QUOTED_BYTES = 800 * 1024;
/** Enough to see what it was. */
const CUT_LENGTH = 64 * 1024;

export const carriedTextSchema = z.object({
  value: z.string(),
  /** `gzip`: packed, in base64. `cut`: only its beginning is there. Absent: as it was. */
  encoding: z.enum(["gzip", "cut"]).optional(),
});

export type CarriedText = z.infer<typeof carriedTextSchema>;

export function carryText(text: string): CarriedText {
  if (Buffer.byteLength(JSON.stringify(text)) <= MAX_QUOTED_BYTES) return { value: text };
  const packed = gzipSync(text).toString("base64");
  if (packed.length <= MAX_QUOTED_BYTES) return { value: packed, encoding: "gzip" };
  return { value: text.slice(0, CUT_LENGTH), encoding: "cut" };
}

/** @returns the text, as far as it is there */
export function carriedText({ value, encoding }: CarriedText): string {
  return encoding === "gzip" ? gunzipSync(Buffer.from(value, "base64")).toString() : value;
}
