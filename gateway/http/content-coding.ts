/**
 * Compressed request bodies. What a body holds is bounded while it is inflated, so a bomb costs no more than a body of
 * the usual size. Source: RFC 9110, sections 8.4 (Content-Encoding) and 15.5.16 (415).
 */
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { AppError } from "../../platform/errors/app-error.ts";

const DECODERS = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

type Coding = keyof typeof DECODERS;

/** What a refusal offers in `Accept-Encoding`. */
export const ACCEPTED_CODINGS = Object.keys(DECODERS).join(", ");
/** One on top of another gains nothing, but takes the time of both. */
const MAX_CODINGS = 2;
/** Of a name that is told back. */
const MAX_NAME_LENGTH = 40;

/**
 * @param header `Content-Encoding`
 * @returns the codings in the order in which they were applied
 * @throws AppError 415 naming a coding that is not read here
 */
export function codingsIn(header: string | undefined): readonly Coding[] {
  if (header === undefined) return [];
  const codings = header
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity")
    .map(codingOf);
  if (codings.length > MAX_CODINGS) throw notRead(`more than ${MAX_CODINGS} codings of one body`);
  return codings;
}

function codingOf(name: string): Coding {
  switch (name) {
    case "gzip":
    case "deflate":
    case "br":
      return name;
    case "x-gzip":
      return "gzip";
    default:
      throw notRead(`the coding ${JSON.stringify(name.slice(0, MAX_NAME_LENGTH))}`);
  }
}

function notRead(what: string): AppError {
  const message = `A request body is read plain or in ${ACCEPTED_CODINGS}: ${what} is not read here.`;
  return new AppError("BAD_REQUEST", message, { status: 415 });
}

/**
 * @param maxBytes that the body may have after each coding
 * @throws AppError 413 for a body that holds more, 400 for one that is not in its coding
 */
export async function decode(body: Buffer, codings: readonly Coding[], maxBytes: number): Promise<Buffer> {
  let decoded = body;
  for (const coding of codings.toReversed()) decoded = await decodeOnce(decoded, coding, maxBytes);
  return decoded;
}

async function decodeOnce(body: Buffer, coding: Coding, maxBytes: number): Promise<Buffer> {
  try {
    return await DECODERS[coding](body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      throw new AppError("BAD_REQUEST", "The request body is too large.", { status: 413 });
    }
    throw new AppError("BAD_REQUEST", `The request body is not valid ${coding}.`, { cause });
  }
}
