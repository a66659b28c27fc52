/**
 * Objects by global id. Our own are read. Of the others only the type is known here, from the prefix: their subgraphs
 * say whether they exist and may be seen, as soon as a field of theirs is asked for.
 */
import type DataLoader from "dataloader";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import { type Id, type IdKind, idPrefix } from "../../../platform/ids.ts";
import { SagaId } from "../../../platform/saga/saga.ts";
import type { NodeName, UserContext, UserParents } from "../context.ts";
import { ApiKeyId, InvitationId, MembershipId, OrganizationId, RoleId, SessionId, UserId } from "../domain/ids.ts";
import type { Loaders } from "../loaders.ts";

type Node = UserParents["Node"];
type LoadNode = (id: string, loaders: Loaders) => Promise<Node | null>;

function own<Prefix extends string>(
  name: NodeName,
  kind: IdKind<Prefix>,
  loaderOf: (loaders: Loaders) => DataLoader<Id<NoInfer<Prefix>>, { readonly id: string } | null>,
): [string, LoadNode] {
  return [
    kind.prefix,
    async (id, loaders) => {
      const entity = await loadById(kind, id, loaderOf(loaders));
      return entity === null ? null : { ...entity, __typename: name };
    },
  ];
}

const OWN: ReadonlyMap<string, LoadNode> = new Map([
  own("User", UserId, ({ user }) => user),
  own("Organization", OrganizationId, ({ organization }) => organization),
  own("Membership", MembershipId, ({ membership }) => membership),
  own("Role", RoleId, ({ role }) => role),
  own("Invitation", InvitationId, ({ invitation }) => invitation),
  own("Session", SessionId, ({ session }) => session),
  own("ApiKey", ApiKeyId, ({ apiKey }) => apiKey),
  own("Saga", SagaId, ({ saga }) => saga),
]);

const FOREIGN: ReadonlyMap<string, NodeName> = new Map([
  ["pln", "Plan"],
  ["acc", "BillingAccount"],
  ["sub", "BillingSubscription"],
  ["inv", "Invoice"],
  ["pay", "Payment"],
  ["pm", "PaymentMethod"],
  ["cn", "CreditNote"],
  ["aud", "AuditEntry"],
  ["dlt", "DeadLetter"],
  ["job", "JobRun"],
]);

export async function loadNode(id: string, { loaders }: UserContext): Promise<Node | null> {
  const prefix = idPrefix(id) ?? "";
  const foreign = FOREIGN.get(prefix);
  if (foreign !== undefined) return { __typename: foreign, id };
  return OWN.get(prefix)?.(id, loaders) ?? null;
}
