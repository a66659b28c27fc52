/**
 * Identifiers: `<prefix>_<UUIDv7>` (RFC 9562). The prefix names the type, and the UUID sorts by creation time. The same
 * string is used in the API, in events, in logs and in webhooks. Each kind is a branded type: text becomes an id where
 * it comes in, and ids of two kinds do not mix from there on.
 */
import { createHash, randomFillSync } from "node:crypto";
import { z } from "zod";
import type { Clock } from "./clock.ts";

declare const kind: unique symbol;

/** An id of the kind that the prefix names. Only an `IdKind` and an `IdSource` make one. */
export type Id<Prefix extends string> = string & { readonly [kind]: Prefix };

/** Makes ids of one kind out of text. */
export interface IdKind<Prefix extends string> {
  readonly prefix: Prefix;
  /** For what a client sends. @returns undefined for text that is no id of this kind */
  from(text: string): Id<Prefix> | undefined;
  /** For what a row, an event or a signature vouches for. @throws Error for text that is no id of this kind */
  require(text: string): Id<Prefix>;
  /** The same as part of a schema. */
  readonly schema: z.ZodType<Id<Prefix>>;
}

/** Hands out identifiers; a test passes its own to get predictable ones. */
export interface IdSource {
  /** A new id such as `inv_01890a5d-ac96-774b-bcce-b302099a8057`. */
  next<const Prefix extends string>(prefix: Prefix): Id<Prefix>;
  /** A bare UUIDv7, as CloudEvents ids are. */
  uuid(): string;
}

/** UUIDv7 with a 12-bit counter in `rand_a` (RFC 9562 §6.2, method 1): ids of one process rise strictly. */
export function createIdSource(clock: Clock): IdSource {
  let lastMs = 0;
  let counter = 0;
  // Filled for many ids at once: each filling is a system call.
  const random = Buffer.alloc(8 * 128);
  let used = random.length;

  function uuid(): string {
    const nowMs = clock.now().getTime();
    if (nowMs > lastMs) {
      lastMs = nowMs;
      counter = 0;
    } else if (counter === 0xfff) {
      lastMs += 1;
      counter = 0;
    } else {
      counter += 1;
    }
    if (used === random.length) {
      randomFillSync(random);
      used = 0;
    }
    const time = lastMs.toString(16).padStart(12, "0");
    const versioned = (0x7000 | counter).toString(16);
    const variant = ((random.readUInt16BE(used) & 0x3fff) | 0x8000).toString(16);
    const tail = random.toString("hex", used + 2, used + 8);
    used += 8;
    return `${time.slice(0, 8)}-${time.slice(8)}-${versioned}-${variant}-${tail}`;
  }

  return {
    next(prefix) {
      const id = `${prefix}_${uuid()}`;
      if (!isId(id, prefix)) throw new TypeError(`a prefix has two to four letters: ${JSON.stringify(prefix)}`);
      return id;
    },
    uuid,
  };
}

/** A UUIDv7 that is the same each time: at the moment of another one, and by a hash of both where that has chance. */
export function derivedUuid(uuid: string, name: string): string {
  const digest = createHash("sha256").update(`${uuid} ${name}`).digest("hex");
  const variant = ((Number.parseInt(digest.slice(3, 7), 16) & 0x3fff) | 0x8000).toString(16);
  return `${uuid.slice(0, 13).toLowerCase()}-7${digest.slice(0, 3)}-${variant}-${digest.slice(7, 19)}`;
}

const ID_PATTERN = /^([a-z]{2,4})_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The type prefix of a well-formed id, or `undefined` when the text is not one of our ids. */
export function idPrefix(id: string): string | undefined {
  return ID_PATTERN.exec(id)?.[1];
}

function isId<Prefix extends string>(text: string, prefix: Prefix): text is Id<Prefix> {
  return idPrefix(text) === prefix;
}

/** @param prefix two to four lower-case letters, another one for each kind */
export function idKind<const Prefix extends string>(prefix: Prefix): IdKind<Prefix> {
  return {
    prefix,
    from: (text) => (isId(text, prefix) ? text : undefined),
    require(text) {
      if (isId(text, prefix)) return text;
      throw new TypeError(`not an id that begins with ${prefix}_: ${JSON.stringify(text)}`);
    },
    schema: z.custom<Id<Prefix>>((value) => typeof value === "string" && isId(value, prefix), {
      error: `must be ${prefix}_ with a UUID behind it`,
    }),
  };
}
