/**
 * Who may look into caches: managers of the one organisation that the installation names as its operators'. Without
 * one, nobody.
 */
import { belongsTo, holds, type Identity } from "../../../platform/auth/identity.ts";

const PERMISSION = "organization.manage";

export function isOperator(identity: Identity, operatorOrganizationId: string | undefined): boolean {
  return (
    operatorOrganizationId !== undefined &&
    belongsTo(identity, operatorOrganizationId) &&
    holds(identity, operatorOrganizationId, PERMISSION)
  );
}
