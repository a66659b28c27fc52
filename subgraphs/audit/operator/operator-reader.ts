/** Reads of what belongs to no tenant: for operators, within the platform's rows instead of their own. */
import { canOperate } from "../../../platform/auth/operators.ts";
import { PLATFORM } from "../../../platform/auth/principal-ids.ts";
import { createTenantReader, type TenantReader } from "../../../platform/database/tenant-reader.ts";
import type { AuditContext } from "../context.ts";
import type { AuditTransaction } from "../store/database.ts";

/** @returns undefined for everybody but operators */
export function operatorReader({ identity, services }: AuditContext): TenantReader<AuditTransaction> | undefined {
  if (!canOperate(identity, services.operatorOrganizationId)) return undefined;
  return createTenantReader(services.database, [PLATFORM]);
}
