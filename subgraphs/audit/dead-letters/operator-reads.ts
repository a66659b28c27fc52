/** Reads of dead letters, which belong to no tenant: for operators, within the platform's rows instead of their own. */
import { PLATFORM } from "../../../platform/auth/principal-ids.ts";
import { createTenantReader, type TenantReader } from "../../../platform/database/tenant-reader.ts";
import type { AuditContext } from "../context.ts";
import type { DeadLetter } from "../domain/dead-letter.ts";
import { DeadLetterId } from "../domain/ids.ts";
import { canOperate } from "../policies.ts";
import type { AuditTransaction } from "../store/database.ts";
import { findLetters } from "../store/dead-letters.ts";

/** @returns undefined for everybody but operators */
export function operatorReader({ identity, services }: AuditContext): TenantReader<AuditTransaction> | undefined {
  if (!canOperate(identity, services.operatorOrganizationId)) return undefined;
  return createTenantReader(services.database, [PLATFORM]);
}

/** @returns null for what does not exist, and for everybody but operators */
export async function operatedLetter(context: AuditContext, text: string): Promise<DeadLetter | null> {
  const read = operatorReader(context);
  const id = DeadLetterId.from(text);
  if (read === undefined || id === undefined) return null;
  const [letter] = await read((tx) => findLetters(tx, [id]));
  return letter ?? null;
}
