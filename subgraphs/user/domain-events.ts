/**
 * What the user subgraph says happened, as `schema/events/user.*.json` describe it. The version is the row's after the
 * change.
 */
import { OrganizationId, PLATFORM, type TenantId } from "../../platform/auth/principal-ids.ts";
import type { DomainEvent } from "../../platform/events/envelope.ts";
import type { PublishedDenial } from "../../platform/graphql/denial-reporter.ts";
import type { Saga, SagaId, SagaState, StepAction } from "../../platform/saga/saga.ts";
import type { EventData, EventType } from "../../schema/generated/events.ts";
import type { ApiKey } from "./domain/api-key.ts";
import type { EmailSubscription } from "./domain/email-subscription.ts";
import { type FlagKey, flagSubject } from "./domain/feature-flag.ts";
import type { IdentityProvider, OrganizationDomain } from "./domain/identity-provider.ts";
import type { EmailId, InvitationId, UserId } from "./domain/ids.ts";
import type { Invitation } from "./domain/invitation.ts";
import type { Membership } from "./domain/membership.ts";
import type { Organization, Role } from "./domain/organization.ts";
import type { Passkey } from "./domain/passkey.ts";
import type { Session } from "./domain/session.ts";

interface Versioned {
  readonly id: string;
  readonly version: number;
}

/** In the user's own stream. */
function ofUser<Type extends EventType>(
  type: Type,
  userId: UserId,
  { id, version }: Versioned,
  data: EventData[Type],
): DomainEvent {
  return { type, subject: id, aggregateVersion: version, key: userId, data };
}

function ofOrganization<Type extends EventType>(
  type: Type,
  organizationId: OrganizationId,
  changed: Versioned,
  data: EventData[Type],
): DomainEvent {
  const { id, version } = changed;
  return { type, subject: id, aggregateVersion: version, key: organizationId, organizationId, data };
}

export function userRegistered(userId: UserId, at: Date): DomainEvent {
  const data = { userId, registeredAt: at.toISOString() };
  return ofUser("user.registered.v1", userId, { id: userId, version: 1 }, data);
}

/** Somebody tried to open an account that is there. */
export function registrationRepeated(userId: UserId, version: number): DomainEvent {
  return ofUser("user.registration_repeated.v1", userId, { id: userId, version }, { userId });
}

export function verificationRequested(userId: UserId, version: number): DomainEvent {
  return ofUser("user.verification_requested.v1", userId, { id: userId, version }, { userId });
}

export function emailVerified(userId: UserId, version: number, at: Date): DomainEvent {
  const data = { userId, verifiedAt: at.toISOString() };
  return ofUser("user.email_verified.v1", userId, { id: userId, version }, data);
}

/** Somebody asked for a new password. */
export function passwordResetRequested(userId: UserId, version: number): DomainEvent {
  return ofUser("user.password_reset_requested.v1", userId, { id: userId, version }, { userId });
}

export function passwordChanged(
  userId: UserId,
  version: number,
  how: EventData["user.password_changed.v1"]["how"],
): DomainEvent {
  return ofUser("user.password_changed.v1", userId, { id: userId, version }, { userId, how });
}

export function secondFactorEnabled(userId: UserId, version: number): DomainEvent {
  return ofUser("user.second_factor_enabled.v1", userId, { id: userId, version }, { userId });
}

export function secondFactorDisabled(userId: UserId, version: number): DomainEvent {
  return ofUser("user.second_factor_disabled.v1", userId, { id: userId, version }, { userId });
}

export function passkeyAdded({ id, userId, name }: Pick<Passkey, "id" | "userId" | "name">): DomainEvent {
  return ofUser("user.passkey.added.v1", userId, { id, version: 1 }, { userId, passkeyId: id, name });
}

export function passkeyRemoved({ id, userId }: Pick<Passkey, "id" | "userId">): DomainEvent {
  return ofUser("user.passkey.removed.v1", userId, { id, version: 2 }, { userId, passkeyId: id });
}

export function recoveryCodesRenewed(userId: UserId, version: number): DomainEvent {
  return ofUser("user.recovery_codes_renewed.v1", userId, { id: userId, version }, { userId });
}

/** Nothing of the account itself changed. @param left codes that were not used yet */
export function recoveryCodeUsed(userId: UserId, left: number): DomainEvent {
  return ofUser("user.recovery_code_used.v1", userId, { id: userId, version: 0 }, { userId, left });
}

/** Somebody who is signed in wants to move the account to another address. */
export function emailChangeRequested(userId: UserId, version: number): DomainEvent {
  return ofUser("user.email_change_requested.v1", userId, { id: userId, version }, { userId });
}

/** Whoever reads the mail of the present address agreed. */
export function emailChangeApproved(userId: UserId, version: number): DomainEvent {
  return ofUser("user.email_change_approved.v1", userId, { id: userId, version }, { userId });
}

export function emailChanged(userId: UserId, version: number): DomainEvent {
  return ofUser("user.email_changed.v1", userId, { id: userId, version }, { userId });
}

export function emailSubscriptionChanged(
  userId: UserId,
  version: number,
  { topic, subscribed }: EmailSubscription,
): DomainEvent {
  const data = { userId, topic, subscribed };
  return ofUser("user.email_subscription_changed.v1", userId, { id: userId, version }, data);
}

export function profileUpdated(
  userId: UserId,
  version: number,
  changes: EventData["user.profile_updated.v1"]["changes"],
): DomainEvent {
  return ofUser("user.profile_updated.v1", userId, { id: userId, version }, { userId, changes });
}

/** An account was made anew out of its history. @param fields what differed */
export function profileRebuilt(userId: UserId, version: number, fields: readonly string[]): DomainEvent {
  return ofUser("user.profile_rebuilt.v1", userId, { id: userId, version }, { userId, fields });
}

export function userSuspended(userId: UserId, version: number, reason: string): DomainEvent {
  return ofUser("user.suspended.v1", userId, { id: userId, version }, { userId, reason });
}

export function userReinstated(userId: UserId, version: number, reason: string): DomainEvent {
  return ofUser("user.reinstated.v1", userId, { id: userId, version }, { userId, reason });
}

/** Nothing about the person is left in this subgraph. Others erase upon it. */
export function userErased(userId: UserId, version: number, at: Date): DomainEvent {
  const data = { userId, erasedAt: at.toISOString() };
  return ofUser("user.erased.v1", userId, { id: userId, version }, data);
}

export function sessionCreated(session: Session): DomainEvent {
  const { id: sessionId, userId, device } = session;
  return ofUser("user.session.created.v1", userId, session, { sessionId, userId, device });
}

/** A sign-in to a known account was refused: nothing of the account changed. */
export function sessionRejected(userId: UserId, reason: string): DomainEvent {
  return ofUser("user.session.rejected.v1", userId, { id: userId, version: 0 }, { userId, reason });
}

/** Nobody has an account with the address. Operators are told, since there is nobody else. */
export function signInRejected(addressDigest: string): DomainEvent {
  const data: EventData["user.sign_in.rejected.v1"] = { addressDigest, reason: "unknown_address" };
  return { type: "user.sign_in.rejected.v1", subject: PLATFORM, aggregateVersion: 0, key: PLATFORM, data };
}

/** A member was refused: nothing changed. */
export function accessDenied({ organizationId, ...denied }: PublishedDenial): DomainEvent {
  const data = { organizationId, ...denied };
  return ofOrganization("user.access.denied.v1", organizationId, { id: organizationId, version: 0 }, data);
}

export function sessionRevoked(session: Session, reason: string): DomainEvent {
  const { id: sessionId, userId } = session;
  return ofUser("user.session.revoked.v1", userId, session, { sessionId, userId, reason });
}

/** What a saga did, as far as it has come. */
export function sagaChanged(saga: Saga, from: SagaState | null): DomainEvent {
  const organizationId = OrganizationId.require(saga.tenantId);
  const { id: sagaId, kind, state, failure } = saga;
  const steps = saga.steps.map(({ name, state }) => ({ name, state }));
  const data = { sagaId, kind, organizationId, fromState: from, toState: state, failure, steps };
  return ofOrganization("user.saga.changed.v1", organizationId, saga, data);
}

export type StepDetails = Pick<EventData["user.saga.step_requested.v1"], "service" | "attempt" | "userId" | "input">;

/** Asks another subgraph for a step of a saga. */
export function sagaStepRequested(saga: Saga, action: StepAction, details: StepDetails): DomainEvent {
  const organizationId = OrganizationId.require(saga.tenantId);
  const data = { sagaId: saga.id, kind: saga.kind, organizationId, ...action, ...details };
  return ofOrganization("user.saga.step_requested.v1", organizationId, saga, data);
}

export function organizationActivated(id: OrganizationId, version: number): DomainEvent {
  return ofOrganization("user.organization.activated.v1", id, { id, version }, { organizationId: id });
}

/** It could not be set up. */
export function organizationClosed(id: OrganizationId, version: number, reason: string): DomainEvent {
  return ofOrganization("user.organization.closed.v1", id, { id, version }, { organizationId: id, reason });
}

export function organizationCreated(
  { id: organizationId, name, slug, sagaId }: Pick<Organization, "id" | "name" | "slug"> & { readonly sagaId: SagaId },
  ownerId: UserId,
): DomainEvent {
  const created = { id: organizationId, version: 1 };
  const data = { organizationId, ownerId, name, slug, sagaId };
  return ofOrganization("user.organization.created.v1", organizationId, created, data);
}

export function organizationUpdated(organization: Organization): DomainEvent {
  const { id: organizationId, name, slug } = organization;
  return ofOrganization("user.organization.updated.v1", organizationId, organization, { organizationId, name, slug });
}

/** What it takes to work in the organisation is another thing than before. */
export function securityChanged(organization: Organization): DomainEvent {
  const { id: organizationId, requiresSecondFactor } = organization;
  const data = { organizationId, requiresSecondFactor };
  return ofOrganization("user.organization.security_changed.v1", organizationId, organization, data);
}

export function organizationSuspended(organizationId: OrganizationId, version: number, reason: string): DomainEvent {
  const changed = { id: organizationId, version };
  return ofOrganization("user.organization.suspended.v1", organizationId, changed, { organizationId, reason });
}

export function organizationReinstated(organizationId: OrganizationId, version: number, reason: string): DomainEvent {
  const changed = { id: organizationId, version };
  return ofOrganization("user.organization.reinstated.v1", organizationId, changed, { organizationId, reason });
}

/** @param deletesAt when it is gone for good */
export function deletionScheduled({ id, version }: Organization, deletesAt: Date): DomainEvent {
  const data = { organizationId: id, deletesAt: deletesAt.toISOString() };
  return ofOrganization("user.organization.deletion_scheduled.v1", id, { id, version }, data);
}

export function organizationRestored({ id, version }: Organization): DomainEvent {
  return ofOrganization("user.organization.restored.v1", id, { id, version }, { organizationId: id });
}

export function organizationDeleted(id: OrganizationId, version: number): DomainEvent {
  return ofOrganization("user.organization.deleted.v1", id, { id, version }, { organizationId: id });
}

type Member = Pick<Membership, "id" | "organizationId" | "userId">;

export function membershipCreated(member: Member, roles: readonly Pick<Role, "name">[]): DomainEvent {
  const { id: membershipId, organizationId, userId } = member;
  const data = { membershipId, organizationId, userId, roles: namesOf(roles) };
  return ofOrganization("user.membership.created.v1", organizationId, { id: membershipId, version: 1 }, data);
}

export function membershipUpdated(
  member: Member & { readonly version: number },
  { from, to }: { readonly from: readonly Role[]; readonly to: readonly Role[] },
): DomainEvent {
  const { id: membershipId, organizationId, userId } = member;
  const data = { membershipId, organizationId, userId, fromRoles: namesOf(from), toRoles: namesOf(to) };
  return ofOrganization("user.membership.updated.v1", organizationId, member, data);
}

/** @param membership as it was: its removal is its next version */
export function membershipRemoved(membership: Membership): DomainEvent {
  const { id: membershipId, organizationId, userId, version } = membership;
  const removed = { id: membershipId, version: version + 1 };
  return ofOrganization("user.membership.removed.v1", organizationId, removed, {
    membershipId,
    organizationId,
    userId,
  });
}

export function invitationCreated(
  invitationId: InvitationId,
  { organizationId, invitedById }: Pick<Invitation, "organizationId" | "invitedById">,
): DomainEvent {
  const data = { invitationId, organizationId, invitedById };
  return ofOrganization("user.invitation.created.v1", organizationId, { id: invitationId, version: 1 }, data);
}

/** @param invitation as it was: its acceptance is its next version */
export function invitationAccepted(invitation: Invitation, userId: UserId): DomainEvent {
  const { id: invitationId, organizationId, version } = invitation;
  const accepted = { id: invitationId, version: version + 1 };
  return ofOrganization("user.invitation.accepted.v1", organizationId, accepted, {
    invitationId,
    organizationId,
    userId,
  });
}

/** A role has no version: its events are ordered by its organisation's stream. */
function ofRole<Type extends EventType>(type: Type, { id, organizationId }: Role, data: EventData[Type]): DomainEvent {
  return ofOrganization(type, organizationId, { id, version: 0 }, data);
}

export function roleCreated(role: Role): DomainEvent {
  const { id: roleId, organizationId, name, permissions } = role;
  return ofRole("user.role.created.v1", role, { roleId, organizationId, name, permissions });
}

export function roleUpdated(from: Role, to: Role): DomainEvent {
  const { id: roleId, organizationId } = to;
  return ofRole("user.role.updated.v1", to, {
    ...{ roleId, organizationId, fromName: from.name, toName: to.name },
    ...{ fromPermissions: from.permissions, toPermissions: to.permissions },
  });
}

export function roleDeleted(role: Role): DomainEvent {
  const { id: roleId, organizationId, name } = role;
  return ofRole("user.role.deleted.v1", role, { roleId, organizationId, name });
}

export type InvitationRevocation = EventData["user.invitation.revoked.v1"]["reason"];

export function invitationRevoked(invitation: Invitation, reason: InvitationRevocation): DomainEvent {
  const { id: invitationId, organizationId } = invitation;
  const data = { invitationId, organizationId, reason };
  return ofOrganization("user.invitation.revoked.v1", organizationId, invitation, data);
}

export function invitationResent(invitation: Invitation): DomainEvent {
  const { id: invitationId, organizationId } = invitation;
  return ofOrganization("user.invitation.resent.v1", organizationId, invitation, { invitationId, organizationId });
}

export function apiKeyCreated(apiKey: Omit<ApiKey, "revokedAt" | "lastUsedAt" | "version">): DomainEvent {
  const { id, organizationId, name, scopes, expiresAt } = apiKey;
  const data = { apiKeyId: id, organizationId, name, scopes, expiresAt: expiresAt?.toISOString() ?? null };
  return ofOrganization("user.api_key.created.v1", organizationId, { id, version: 1 }, data);
}

export function apiKeyRotated(apiKey: ApiKey, formerEndsAt: Date): DomainEvent {
  const { id: apiKeyId, organizationId } = apiKey;
  const data = { apiKeyId, organizationId, formerEndsAt: formerEndsAt.toISOString() };
  return ofOrganization("user.api_key.rotated.v1", organizationId, apiKey, data);
}

export function apiKeyRevoked(apiKey: ApiKey): DomainEvent {
  const { id: apiKeyId, organizationId } = apiKey;
  return ofOrganization("user.api_key.revoked.v1", organizationId, apiKey, { apiKeyId, organizationId });
}

type Domain = Pick<OrganizationDomain, "id" | "organizationId" | "domain">;

function ofDomain<Type extends EventType>(type: Type, domain: Domain, version: number, data: EventData[Type]) {
  return ofOrganization(type, domain.organizationId, { id: domain.id, version }, data);
}

const domainData = ({ id, organizationId, domain }: Domain) => ({ domainId: id, organizationId, domain });

export function domainAdded(domain: Domain): DomainEvent {
  return ofDomain("user.domain.added.v1", domain, 1, domainData(domain));
}

export function domainVerified(domain: Domain): DomainEvent {
  return ofDomain("user.domain.verified.v1", domain, 2, domainData(domain));
}

export function domainRemoved(domain: Domain): DomainEvent {
  return ofDomain("user.domain.removed.v1", domain, 3, domainData(domain));
}

export function identityProviderSet({ organizationId, issuer, enforced, version }: IdentityProvider): DomainEvent {
  const changed = { id: organizationId, version: 0 };
  const data = { organizationId, issuer, enforced, revision: version };
  return ofOrganization("user.identity_provider.set.v1", organizationId, changed, data);
}

export function identityProviderRemoved({ organizationId, issuer }: IdentityProvider): DomainEvent {
  const changed = { id: organizationId, version: 0 };
  return ofOrganization("user.identity_provider.removed.v1", organizationId, changed, { organizationId, issuer });
}

interface ChangedFlag {
  readonly key: FlagKey;
  readonly scope: EventData["user.feature_flag.changed.v1"]["scope"];
  /** Id of the plan or the organisation; empty for everybody. */
  readonly target: string;
  readonly percent: number | null;
  readonly reason: string;
}

/** In the stream of the organisation that it is about; else it is the platform's own. @param revision of all rules */
export function featureFlagChanged({ target, ...rule }: ChangedFlag, revision: number): DomainEvent {
  const type = "user.feature_flag.changed.v1";
  const changed = { id: flagSubject(rule.key), version: revision };
  if (rule.scope === "ORGANIZATION") {
    const organizationId = OrganizationId.require(target);
    return ofOrganization(type, organizationId, changed, { ...rule, organizationId });
  }
  const data: EventData[typeof type] = rule.scope === "PLAN" ? { ...rule, planId: target } : rule;
  return { type, subject: changed.id, aggregateVersion: revision, key: PLATFORM, data };
}

/** A mail as its events tell of it: without its address. */
export interface EventMail {
  readonly id: EmailId;
  /** In whose stream its events are: its reader's, or that of the organisation that it is sent for. */
  readonly tenantId: TenantId;
  readonly template: string;
  readonly regardingId: string;
}

/** In the stream of the organisation, where it is one's. */
function ofMail<Type extends EventType>(
  type: Type,
  { id, tenantId }: EventMail,
  version: number,
  data: EventData[Type],
): DomainEvent {
  const organizationId = OrganizationId.from(tenantId);
  return {
    type,
    subject: id,
    aggregateVersion: version,
    key: tenantId,
    ...(organizationId === undefined ? {} : { organizationId }),
    data,
  };
}

const mailData = ({ id, template, regardingId }: EventMail) => ({ emailId: id, template, regardingId });

export function emailRequested(mail: EventMail): DomainEvent {
  return ofMail("user.email.requested.v1", mail, 1, mailData(mail));
}

/** @param attempts with the one that succeeded */
export function emailDelivered(mail: EventMail, attempts: number): DomainEvent {
  return ofMail("user.email.delivered.v1", mail, attempts + 1, { ...mailData(mail), attempts });
}

/** @param reason without an address or a token: whoever reads the organisation's events reads it */
export function emailFailed(mail: EventMail, attempts: number, reason: string): DomainEvent {
  const data = { ...mailData(mail), attempts, reason: reason.slice(0, 200) };
  return ofMail("user.email.failed.v1", mail, attempts + 1, data);
}

/** @param attempts that it took to send it. @param reason like that of `emailFailed` */
export function emailBounced(mail: EventMail, attempts: number, reason: string): DomainEvent {
  const data = { ...mailData(mail), reason: reason.slice(0, 200) };
  return ofMail("user.email.bounced.v1", mail, attempts + 2, data);
}

export function emailCancelled(mail: EventMail, attempts: number): DomainEvent {
  return ofMail("user.email.cancelled.v1", mail, attempts + 1, mailData(mail));
}

function namesOf(roles: readonly Pick<Role, "name">[]): readonly string[] {
  return roles.map(({ name }) => name);
}
