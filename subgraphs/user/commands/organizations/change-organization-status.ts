/**
 * Suspends an organisation or reinstates it. While it is suspended its members keep seeing it and may do nothing else
 * in it: rights follow from its status, so the roles stay as they are. A status that it has already is no failure and
 * no event.
 */

import { notFound } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Operator } from "../../../../platform/operator/operator.ts";
import type { OrganizationStatus } from "../../../../schema/generated/user.ts";
import { OrganizationId } from "../../domain/ids.ts";
import { organizationReinstated, organizationSuspended } from "../../domain-events.ts";
import { type ChangedStatus, changeStatus, type SuspensionInput } from "../../operator/change-status.ts";
import type { OperatorServices } from "../../services.ts";
import { lockOrganization, setOrganizationStatus } from "../../store/organizations.ts";
import { requireId } from "../../validation/text.ts";

const requireOrganizationId = (text: string): OrganizationId => requireId(OrganizationId, text, "an organisation");

/** @throws UserFailure `INVALID`, `BLANK`, `TOO_LONG`, `NOT_FOUND`, `STATE_INVALID` */
export function changeOrganizationStatus(
  services: OperatorServices,
  operator: Operator,
  { status, ...input }: SuspensionInput & { readonly status: OrganizationStatus },
): Promise<ChangedStatus> {
  return changeStatus(services, operator, input, requireOrganizationId, async ({ tx, emit }, id, reason) => {
    const organization = await lockOrganization(tx, id);
    if (organization === undefined) throw notFound("organisation", "id");
    if (organization.status === status) return false;
    if (organization.status === "CLOSED") {
      throw refuse("STATE_INVALID", "This organisation could not be set up, and is closed for good.", "id");
    }
    if (organization.status === "DELETING" || organization.status === "DELETED") {
      throw refuse("STATE_INVALID", "This organisation is deleted: nobody works in it.", "id");
    }
    // It is active as soon as it is set up.
    if (organization.status === "PROVISIONING" && status === "ACTIVE") return false;
    const version = await setOrganizationStatus(tx, { id, status, now: services.clock.now() });
    const changed = status === "SUSPENDED" ? organizationSuspended : organizationReinstated;
    emit(changed(id, version, reason));
    return true;
  });
}
