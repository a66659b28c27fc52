/** The form of an idempotency key: chosen by the client, unique per intent. */
import { constraints } from "../../schema/constraints.ts";
import { refuse } from "../errors/user-failure.ts";

const { min, max } = constraints.idempotencyKey;
const PRINTABLE = /^[\x20-\x7e]+$/;

/** @throws UserFailure `INVALID` */
export function requireIdempotencyKey(key: string): string {
  if (key.length >= min && key.length <= max && PRINTABLE.test(key)) return key;
  const form = `${min} to ${max} printable characters, e.g. a UUID`;
  throw refuse("INVALID", `An idempotency key has ${form}.`, "idempotencyKey");
}
