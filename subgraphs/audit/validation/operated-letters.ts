/** What an operator's command on dead letters needs to know first: that the caller may, and whose letters they are. */

import { canOperate } from "../../../platform/auth/operators.ts";
import { PLATFORM, type TenantId } from "../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { refuse, UserFailure, userError } from "../../../platform/errors/user-failure.ts";
import type { Operator } from "../../../platform/operator/operator.ts";
import type { UserErrorCode } from "../../../schema/user-error-codes.ts";
import { type DeadLetter, ownerOfKey } from "../domain/dead-letter.ts";
import { DeadLetterId } from "../domain/ids.ts";
import type { AuditServices } from "../services.ts";
import type { AuditTransaction } from "../store/database.ts";
import { findLetters, lockLetters } from "../store/dead-letters.ts";

const MAX_LETTERS = 100;

export interface NamedLetters {
  readonly ids: readonly DeadLetterId[];
  /** Of a transaction that may change them, and tell of it in the chains of those concerned. */
  readonly tenants: readonly TenantId[];
}

/** @throws UserFailure `FORBIDDEN`, `INVALID`, `NOT_FOUND` */
export async function nameLetters(
  { database, operatorOrganizationId }: Pick<AuditServices, "database" | "operatorOrganizationId">,
  { identity }: Operator,
  texts: readonly string[],
): Promise<NamedLetters> {
  if (!canOperate(identity, operatorOrganizationId)) {
    throw refuse("FORBIDDEN", "Only operators of this installation may deal with dead letters.");
  }
  if (texts.length === 0 || texts.length > MAX_LETTERS) {
    throw refuse("INVALID", `Give the ids of 1 to ${MAX_LETTERS} dead letters.`, "ids");
  }
  const ids = texts.flatMap((text) => DeadLetterId.from(text) ?? []);
  const letters = await inTenants(database, [PLATFORM], (tx) => findLetters(tx, ids));
  const known = new Set<string>(letters.map(({ id }) => id));
  refuseAny("NOT_FOUND", texts, (text) => (known.has(text) ? undefined : "There is no such dead letter."));
  return {
    ids: [...new Set(ids)],
    tenants: [...new Set<TenantId>([PLATFORM, ...letters.map(({ key }) => ownerOfKey(key))])],
  };
}

/**
 * Locks the letters.
 * @param problemOf why one may not be changed
 * @throws UserFailure `STATE_INVALID` naming each of them
 */
export async function lockNamed(
  tx: AuditTransaction,
  { ids }: NamedLetters,
  problemOf: (letter: DeadLetter) => string | undefined,
): Promise<DeadLetter[]> {
  const letters = new Map((await lockLetters(tx, ids)).map((letter) => [letter.id, letter]));
  const found = ids.flatMap((id) => letters.get(id) ?? []);
  refuseAny("STATE_INVALID", found, problemOf);
  return found;
}

function refuseAny<Item>(
  code: UserErrorCode,
  items: readonly Item[],
  problemOf: (item: Item) => string | undefined,
): void {
  const errors = items.flatMap((item, index) => {
    const problem = problemOf(item);
    return problem === undefined ? [] : [userError(code, problem, "ids", String(index))];
  });
  if (errors.length > 0) throw new UserFailure(errors);
}
