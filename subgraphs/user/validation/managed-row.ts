/** What a command of an organisation is about, read and checked; its organisation is held until the commit. */
import type { Identity } from "../../../platform/auth/identity.ts";
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { notFound, requirePermission } from "../../../platform/errors/refusals.ts";
import type { Id, IdKind } from "../../../platform/ids.ts";
import type { Permission } from "../domain/permission.ts";
import { requireActive } from "../errors.ts";
import type { UserTransaction } from "../store/database.ts";
import { lockOrganization } from "../store/organizations.ts";

export interface ManagedKind<Prefix extends string, Row> {
  readonly kind: IdKind<Prefix>;
  /** As in "There is no such invitation." */
  readonly noun: string;
  readonly permission: Permission;
  readonly find: (tx: UserTransaction, ids: readonly Id<NoInfer<Prefix>>[]) => Promise<readonly Row[]>;
}

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN` also where nobody may work in the organisation */
export async function holdManaged<Prefix extends string, Row extends { readonly organizationId: OrganizationId }>(
  tx: UserTransaction,
  identity: Identity,
  { kind, noun, permission, find }: ManagedKind<Prefix, Row>,
  text: string,
): Promise<Row> {
  const missing = notFound(noun, "id");
  const id = kind.from(text);
  if (id === undefined) throw missing;
  const [seen] = await find(tx, [id]);
  if (seen === undefined) throw missing;
  requirePermission(identity, seen.organizationId, permission, missing);
  requireActive(await lockOrganization(tx, seen.organizationId));
  // Again: it may have been changed while we waited.
  const [row] = await find(tx, [id]);
  if (row === undefined) throw missing;
  return row;
}
