/**
 * Who runs the platform: its command line, and managers of the one organisation that the installation names as its
 * operators'. Without one, nobody is an operator over the API.
 */
import { belongsTo, holds, type Identity } from "./identity.ts";

/** Name of the process that `npm run operator` is. */
export const OPERATOR_SERVICE = "operator";

const PERMISSION = "organization.manage";

/**
 * May the identity do what only operators may?
 * @param organizationId whose managers are operators; absent: only the command line is
 */
export function canOperate(identity: Identity, organizationId: string | undefined): boolean {
  return isOperatorProcess(identity) || isOperator(identity, organizationId);
}

/** @param organizationId of the operators; absent: there is none */
export function isOperator(identity: Identity, organizationId: string | undefined): boolean {
  return (
    organizationId !== undefined && belongsTo(identity, organizationId) && holds(identity, organizationId, PERMISSION)
  );
}

/** Is it the command line? */
function isOperatorProcess(identity: Identity): boolean {
  return identity.kind === "SERVICE" && identity.service === OPERATOR_SERVICE;
}
