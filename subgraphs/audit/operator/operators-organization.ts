/** The organisation whose stream tells operators what belongs to no tenant. */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { AuditServices } from "../services.ts";

/** @returns undefined where the installation names none */
export function operatorsOf({
  operatorOrganizationId: text,
}: Pick<AuditServices, "operatorOrganizationId">): OrganizationId | undefined {
  return text === undefined ? undefined : OrganizationId.from(text);
}
