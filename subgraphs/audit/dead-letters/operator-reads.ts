/** Reads of dead letters, which belong to no tenant: for operators. */
import type { AuditContext } from "../context.ts";
import type { DeadLetter } from "../domain/dead-letter.ts";
import { DeadLetterId } from "../domain/ids.ts";
import { operatorReader } from "../operator/operator-reader.ts";
import { findLetters } from "../store/dead-letters.ts";

/** @returns null for what does not exist, and for everybody but operators */
export async function operatedLetter(context: AuditContext, text: string): Promise<DeadLetter | null> {
  const read = operatorReader(context);
  const id = DeadLetterId.from(text);
  if (read === undefined || id === undefined) return null;
  const [letter] = await read((tx) => findLetters(tx, [id]));
  return letter ?? null;
}
