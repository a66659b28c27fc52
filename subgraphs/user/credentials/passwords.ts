/** Password rules and hashes. bcrypt reads 72 bytes and stops at NUL: what it would not read is refused, never cut. */
import { availableParallelism } from "node:os";
import { getRounds } from "bcrypt";
import { z } from "zod";
import { type UserError, userError } from "../../../platform/errors/user-failure.ts";
import { createFairPlaces } from "../../../platform/fair-places.ts";
import { constraints } from "../../../schema/constraints.ts";
import { isCommonPassword } from "./common-passwords.ts";
import { createHashingThread } from "./hashing-thread.ts";
import type { HashingTask } from "./hashing-worker.ts";

/**
 * A hash takes a processor for long: some are computed at once, others wait, and who would wait too long is refused
 * with AppError `SERVICE_UNAVAILABLE`. Otherwise a crowd that signs in would stop everybody else.
 */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Whether a hash that matched was made at a lower cost than today's. */
  isOutdated(storedHash: string): boolean;
  /** Takes as long for an unknown account (`undefined`) as for a known one. */
  verify(password: string, storedHash: string | undefined): Promise<boolean>;
}

/**
 * Everything that is wrong with a new password.
 * @param own what everybody knows of its owner, e.g. the address: no password
 * @param field of the input
 */
export function passwordErrors(
  password: string,
  own: readonly string[] = [],
  field = "password",
): readonly UserError[] {
  const { min, maxBytes } = constraints.password;
  if (password === "") return [userError("BLANK", "Choose a password.", field)];
  const errors: UserError[] = [];
  if (!isReadable(password)) {
    errors.push(userError("INVALID", "A password cannot hold a NUL character, nor half a character.", field));
  }
  if (Buffer.byteLength(password) > maxBytes) {
    errors.push(
      userError("TOO_LONG", `A password has at most ${maxBytes} bytes (some characters take several).`, field),
    );
  }
  if ([...password].length < min) {
    errors.push(userError("INVALID", `A password has at least ${min} characters.`, field));
  }
  if (errors.length > 0) return errors;
  if (isCommonPassword(password)) {
    errors.push(userError("INVALID", "This password is among those that are tried first: choose another one.", field));
  }
  if (own.some((text) => isSameText(text, password))) {
    errors.push(userError("INVALID", "Your name or address is no password: choose another one.", field));
  }
  return errors;
}

/** The rest of the processors is for whoever is signed in already. */
const AT_ONCE = Math.max(1, Math.floor(availableParallelism() / 2));
const QUEUE = { waitMs: 5_000, maxWaiting: 50 };
/** They all wait in one queue. */
const NOBODY: readonly string[] = [];

/** @param cost rounds as a power of two; each step doubles the time */
export function createPasswordHasher(cost: number): PasswordHasher {
  // A well-formed hash of nothing in particular: comparing with it costs the same and fails.
  const unmatchedHash = `$2b$${String(cost).padStart(2, "0")}$${"N".repeat(22)}${"o".repeat(31)}`;
  const places = createFairPlaces({ total: AT_ONCE, perTenant: AT_ONCE, ...QUEUE });
  const idle = Array.from({ length: AT_ONCE }, createHashingThread);
  const run = (task: HashingTask) =>
    places.use(NOBODY, async () => {
      const thread = idle.pop() ?? createHashingThread();
      return thread.run(task).finally(() => idle.push(thread));
    });
  return {
    hash: async (password) => z.string().parse(await run({ kind: "hash", password, cost })),
    isOutdated: (storedHash) => getRounds(storedHash) < cost,
    async verify(password, storedHash) {
      const usable = isReadable(password) && Buffer.byteLength(password) <= constraints.password.maxBytes;
      const compared = { password: usable ? password : "", storedHash: storedHash ?? unmatchedHash };
      const matches = z.boolean().parse(await run({ kind: "compare", ...compared }));
      return matches && usable && storedHash !== undefined;
    },
  };
}

/** Half a character (an unpaired surrogate) would be hashed like any other half. */
function isReadable(password: string): boolean {
  return password.isWellFormed() && !password.includes("\0");
}

const isSameText = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
