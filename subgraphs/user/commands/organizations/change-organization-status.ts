/**
 * Suspends an organisation or reinstates it. While it is suspended its members keep seeing it and may do nothing else
 * in it: rights follow from its status, so the roles stay as they are. A status that it has already is no failure and
 * no event.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import type { OrganizationStatus } from "../../../../schema/generated/user.ts";
import { OrganizationId } from "../../domain/ids.ts";
import { organizationReinstated, organizationSuspended } from "../../domain-events.ts";
import { requireOperator } from "../../errors.ts";
import type { Operator, OperatorServices } from "../../services.ts";
import { lockOrganization, setOrganizationStatus } from "../../store/organizations.ts";
import { requireId, requireReason } from "../../validation/text.ts";
import type { SuspensionInput } from "../accounts/suspend-user.ts";

/** @throws UserFailure `INVALID`, `BLANK`, `TOO_LONG`, `NOT_FOUND` */
export async function changeOrganizationStatus(
  services: OperatorServices,
  { identity, causation }: Operator,
  { status, ...input }: SuspensionInput & { readonly status: OrganizationStatus },
): Promise<CommandOutcome<{ changed: boolean }>> {
  requireOperator(identity);
  const id = requireId(OrganizationId, input.id, "an organisation");
  const reason = requireReason(input.reason);
  return runCommand(services, { tenants: [id], causation }, async ({ tx, emit }) => {
    const organization = await lockOrganization(tx, id);
    if (organization === undefined) throw notFound("organisation", "id");
    if (organization.status === status) return { changed: false };
    const version = await setOrganizationStatus(tx, { id, status, now: services.clock.now() });
    const changed = status === "SUSPENDED" ? organizationSuspended : organizationReinstated;
    emit(changed(id, version, reason));
    return { changed: true };
  });
}
