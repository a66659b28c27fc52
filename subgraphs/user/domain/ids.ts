/** The kinds of id that the user subgraph hands out. */
import { type Id, idKind } from "../../../platform/ids.ts";

export { ApiKeyId, OrganizationId, SessionId, UserId } from "../../../platform/auth/principal-ids.ts";

export const MembershipId = idKind("mem");
export type MembershipId = Id<"mem">;

export const RoleId = idKind("rol");
export type RoleId = Id<"rol">;

export const InvitationId = idKind("ivt");
export type InvitationId = Id<"ivt">;

/** Of a mail; made of the id of the event that calls for it. */
export const EmailId = idKind("eml");
export type EmailId = Id<"eml">;

export const PasskeyId = idKind("psk");
export type PasskeyId = Id<"psk">;

/** Of a domain that an organisation says is its own. */
export const DomainId = idKind("dom");
export type DomainId = Id<"dom">;
