/**
 * Objects by global id. Our own are read. Of the others only the type is known here, from the prefix: their subgraphs say whether
 * they exist and may be seen, as soon as a field of theirs is asked for.
 */
import { idPrefix } from "../../../platform/ids.ts";
import type { NodeName, UserContext, UserParents } from "../context.ts";
import type { Loaders } from "../loaders.ts";

type Node = UserParents["Node"];

const OWN: Readonly<Record<string, { readonly name: NodeName; readonly loader: keyof Loaders }>> = {
  usr: { name: "User", loader: "user" },
  org: { name: "Organization", loader: "organization" },
  mem: { name: "Membership", loader: "membership" },
  rol: { name: "Role", loader: "role" },
  ivt: { name: "Invitation", loader: "invitation" },
  ses: { name: "Session", loader: "session" },
};

const FOREIGN: Readonly<Record<string, NodeName>> = {
  pln: "Plan",
  acc: "BillingAccount",
  sub: "BillingSubscription",
  inv: "Invoice",
  pay: "Payment",
  pm: "PaymentMethod",
  aud: "AuditEntry",
};

export async function loadNode(id: string, { loaders }: UserContext): Promise<Node | null> {
  const prefix = idPrefix(id);
  if (prefix === undefined) return null;
  const foreign = FOREIGN[prefix];
  if (foreign !== undefined) return { __typename: foreign, id };
  const own = OWN[prefix];
  if (own === undefined) return null;
  const row = await loaders[own.loader].load(id);
  return row === null || !("id" in row) ? null : { ...row, __typename: own.name };
}
