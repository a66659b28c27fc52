/** What an operator's command about money names: read and checked before the command does anything. */
import { tenantsOf } from "../../../platform/auth/identity.ts";
import { canOperate } from "../../../platform/auth/operators.ts";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { readInTenants } from "../../../platform/database/tenant-transaction.ts";
import { notFound } from "../../../platform/errors/refusals.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { Id } from "../../../platform/ids.ts";
import type { Operator } from "../../../platform/operator/operator.ts";
import { canReadBilling } from "../policies.ts";
import type { OperatorServices } from "../services.ts";
import type { ManagedKind } from "./managed-target.ts";

export interface OperatedInput {
  readonly id: string;
  /** Whose money it is: operators work in one organisation at a time. */
  readonly organizationId: string;
}

/**
 * @throws UserFailure `NOT_FOUND` when the organisation has no such thing, or those who ask may not know of it;
 * `FORBIDDEN` for those who may, and are no operators
 */
export async function findOperated<Prefix extends string, Entity extends { readonly organizationId: OrganizationId }>(
  { database, operatorOrganizationId }: Pick<OperatorServices, "database" | "operatorOrganizationId">,
  { identity }: Pick<Operator, "identity">,
  { kind, noun, find }: ManagedKind<Prefix, Entity>,
  input: OperatedInput,
): Promise<Entity> {
  const missing = notFound(noun, "id");
  const id: Id<Prefix> | undefined = kind.from(input.id);
  const organizationId = OrganizationId.from(input.organizationId);
  if (id === undefined || organizationId === undefined) throw missing;
  const operates = canOperate(identity, operatorOrganizationId);
  const tenants = operates ? [organizationId] : tenantsOf(identity);
  const [entity] = await readInTenants(database, tenants, (tx) => find(tx, [id]));
  if (entity?.organizationId !== organizationId) throw missing;
  if (operates) return entity;
  if (!canReadBilling(identity, organizationId)) throw missing;
  throw refuse("FORBIDDEN", "Only operators of this installation may do this: write to them.");
}
