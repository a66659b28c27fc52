import type { Principal, UserIdentity } from "../../../platform/auth/identity.ts";
import { mutationPayload } from "../../../platform/graphql/mutation-payload.ts";
import type { EmailTopic, ResolversOf } from "../../../schema/generated/user.ts";
import { changePassword } from "../commands/accounts/change-password.ts";
import { eraseUser } from "../commands/accounts/erase-user.ts";
import { registerUser } from "../commands/accounts/register-user.ts";
import { replayProfile } from "../commands/accounts/replay-profile.ts";
import { requestPasswordReset } from "../commands/accounts/request-password-reset.ts";
import { resendVerification } from "../commands/accounts/resend-verification.ts";
import { resetPassword } from "../commands/accounts/reset-password.ts";
import { updateProfile } from "../commands/accounts/update-profile.ts";
import { verifyEmail } from "../commands/accounts/verify-email.ts";
import { createApiKey } from "../commands/api-keys/create-api-key.ts";
import { revokeApiKey } from "../commands/api-keys/revoke-api-key.ts";
import { rotateApiKey } from "../commands/api-keys/rotate-api-key.ts";
import { addDomain } from "../commands/domains/add-domain.ts";
import { removeDomain } from "../commands/domains/remove-domain.ts";
import { verifyDomain } from "../commands/domains/verify-domain.ts";
import { confirmEmailChange } from "../commands/email-changes/confirm-email-change.ts";
import { requestEmailChange } from "../commands/email-changes/request-email-change.ts";
import { setFeatureFlag } from "../commands/feature-flags/set-feature-flag.ts";
import { removeIdentityProvider } from "../commands/identity-providers/remove-identity-provider.ts";
import { setIdentityProvider } from "../commands/identity-providers/set-identity-provider.ts";
import { acceptInvitation } from "../commands/invitations/accept-invitation.ts";
import { createInvitation } from "../commands/invitations/create-invitation.ts";
import { registerByInvitation } from "../commands/invitations/register-by-invitation.ts";
import { resendInvitation } from "../commands/invitations/resend-invitation.ts";
import { revokeInvitation } from "../commands/invitations/revoke-invitation.ts";
import { setEmailSubscription } from "../commands/mails/set-email-subscription.ts";
import { unsubscribeEmail } from "../commands/mails/unsubscribe-email.ts";
import { removeMembership } from "../commands/memberships/remove-membership.ts";
import { updateMembership } from "../commands/memberships/update-membership.ts";
import { createOrganization } from "../commands/organizations/create-organization.ts";
import { deleteOrganization } from "../commands/organizations/delete-organization.ts";
import { restoreOrganization } from "../commands/organizations/restore-organization.ts";
import { updateOrganization } from "../commands/organizations/update-organization.ts";
import { askForPasskey } from "../commands/passkeys/ask-for-passkey.ts";
import { beginPasskey } from "../commands/passkeys/begin-passkey.ts";
import { type EnrolledPasskey, enrollPasskey } from "../commands/passkeys/enroll-passkey.ts";
import { removePasskey } from "../commands/passkeys/remove-passkey.ts";
import { beginProviderSignIn } from "../commands/provider-sign-ins/begin-provider-sign-in.ts";
import { completeProviderSignIn } from "../commands/provider-sign-ins/complete-provider-sign-in.ts";
import { createRole } from "../commands/roles/create-role.ts";
import { deleteRole } from "../commands/roles/delete-role.ts";
import { updateRole } from "../commands/roles/update-role.ts";
import { confirmTotp } from "../commands/second-factors/confirm-totp.ts";
import { enrollTotp } from "../commands/second-factors/enroll-totp.ts";
import { removeTotp } from "../commands/second-factors/remove-totp.ts";
import { renewRecoveryCodes } from "../commands/second-factors/renew-recovery-codes.ts";
import { createSession } from "../commands/sessions/create-session.ts";
import { refreshSession } from "../commands/sessions/refresh-session.ts";
import { revokeSession } from "../commands/sessions/revoke-session.ts";
import type { SignedIn } from "../commands/sessions/start-session.ts";
import type { UserContext, UserParents } from "../context.ts";
import { readGrants } from "../credentials/read-grants.ts";
import type { ApiKey } from "../domain/api-key.ts";
import type { EmailSubscription } from "../domain/email-subscription.ts";
import type { FlagRule } from "../domain/feature-flag.ts";
import type { IdentityProvider, OrganizationDomain } from "../domain/identity-provider.ts";
import type { Organization } from "../domain/organization.ts";
import type { ProfileChanges } from "../domain/profile.ts";
import type { User } from "../domain/user.ts";
import { SecondFactorRequired } from "../errors.ts";
import { findFlagRules } from "../store/feature-flags.ts";

export const mutation: ResolversOf<"Mutation", UserContext, UserParents> = {
  userRegister: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload({ accepted: false }, async () => settle(await registerUser(services, cause, input))),

  emailVerify: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<{ user: User | null; alreadyVerified: boolean }>({ user: null, alreadyVerified: false }, async () =>
      settle(await verifyEmail(services, cause, input)),
    ),

  verificationResend: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload({ accepted: false }, async () => settle(await resendVerification(services, cause, input))),

  userProfileUpdate: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ user: User | null }>({ user: null }, async () => ({
      user: settle(await updateProfile(services, person(), input)),
    })),

  emailSubscriptionSet: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ subscription: EmailSubscription | null }>({ subscription: null }, async () =>
      settle(await setEmailSubscription(services, person(), input)),
    ),

  emailUnsubscribe: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<{ topic: EmailTopic | null }>({ topic: null }, async () =>
      settle(await unsubscribeEmail(services, cause, input)),
    ),

  passwordChange: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ user: User | null }>({ user: null }, async () => ({
      user: settle(await changePassword(services, person(), input)),
    })),

  passwordResetRequest: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload({ accepted: false }, async () => settle(await requestPasswordReset(services, cause, input))),

  passwordReset: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<{ user: User | null }>({ user: null }, async () => ({
      user: settle(await resetPassword(services, cause, input)),
    })),

  totpEnroll: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ secret: string | null; uri: string | null }>({ secret: null, uri: null }, async () =>
      settle(await enrollTotp(services, person(), input)),
    ),

  totpConfirm: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ recoveryCodes: string[] | null }>({ recoveryCodes: null }, async () =>
      settle(await confirmTotp(services, person(), input)),
    ),

  totpRemove: (_parent, { input }, { services, person, settle }) =>
    mutationPayload({ removed: false }, async () => settle(await removeTotp(services, person(), input))),

  passkeyBegin: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ options: object | null }>({ options: null }, async () =>
      settle(await beginPasskey(services, person(), input)),
    ),

  passkeyEnroll: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<EnrolledPasskey>({ passkey: null, recoveryCodes: null }, async () =>
      settle(await enrollPasskey(services, person(), input)),
    ),

  passkeyRemove: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ removedId: string | null }>({ removedId: null }, async () =>
      settle(await removePasskey(services, person(), input)),
    ),

  passkeyChallenge: (_parent, _args, { services, person, settle }) =>
    mutationPayload<{ options: object | null }>({ options: null }, async () => {
      const viewer = person();
      return settle(await askForPasskey(services, viewer, viewer.identity.userId));
    }),

  recoveryCodesRenew: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ recoveryCodes: string[] | null }>({ recoveryCodes: null }, async () =>
      settle(await renewRecoveryCodes(services, person(), input)),
    ),

  emailChangeRequest: (_parent, { input }, { services, person, settle }) =>
    mutationPayload({ accepted: false }, async () => settle(await requestEmailChange(services, person(), input))),

  emailChangeConfirm: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<{ user: User | null; changed: boolean }>({ user: null, changed: false }, async () =>
      settle(await confirmEmailChange(services, cause, input)),
    ),

  userErase: (_parent, { input }, { services, person, settle }) =>
    mutationPayload({ erased: false }, async () => settle(await eraseUser(services, person(), input))),

  userReplay: (_parent, { input }, { services, actor, settle }) =>
    mutationPayload<ReplayFields>(NOT_REPLAYED, async () => {
      const { differences, events, written } = settle(await replayProfile(services, actor(), input));
      return { differences, eventCount: events, written };
    }),

  sessionCreate: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<SessionFields & { passkeyOptions: object | null }>(
      (failure) => ({
        ...NOT_SIGNED_IN,
        passkeyOptions: failure instanceof SecondFactorRequired ? failure.passkeyOptions : null,
      }),
      async () => {
        const outcome = await createSession(services, cause, input);
        return { ...settle(outcome, identityOf(outcome.result)), passkeyOptions: null };
      },
    ),

  sessionRefresh: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<SessionFields>(NOT_SIGNED_IN, async () => {
      const outcome = await refreshSession(services, cause, input);
      return settle(outcome, identityOf(outcome.result));
    }),

  sessionRevoke: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ revokedIds: string[] | null }>({ revokedIds: null }, async () =>
      settle(await revokeSession(services, person(), input)),
    ),

  organizationCreate: (_parent, { input }, context) =>
    mutationPayload({ organization: null, saga: null }, async () => {
      const outcome = await createOrganization(context.services, context.person(), input);
      const { organizationId, sagaId } = context.settle(outcome, await identityNow(context));
      const { loaders } = context;
      return {
        organization: await loaders.organization.load(organizationId),
        saga: sagaId === undefined ? null : await loaders.saga.load(sagaId),
      };
    }),

  organizationUpdate: (_parent, { input }, { services, actor, settle }) =>
    mutationPayload<{ organization: Organization | null }>({ organization: null }, async () => ({
      organization: settle(await updateOrganization(services, actor(), input)),
    })),

  organizationDelete: (_parent, { input }, context) =>
    mutationPayload<{ organization: Organization | null }>({ organization: null }, async () => {
      const outcome = await deleteOrganization(context.services, context.person(), input);
      return { organization: context.settle(outcome, await identityNow(context)) };
    }),

  organizationRestore: (_parent, { input }, context) =>
    mutationPayload<{ organization: Organization | null }>({ organization: null }, async () => {
      const outcome = await restoreOrganization(context.services, context.person(), input);
      return { organization: context.settle(outcome, await identityNow(context)) };
    }),

  invitationCreate: (_parent, { input }, context) =>
    mutationPayload({ invitation: null }, async () => {
      const { invitationId } = context.settle(await createInvitation(context.services, context.actor(), input));
      return { invitation: await context.loaders.invitation.load(invitationId) };
    }),

  invitationRevoke: (_parent, { input }, context) =>
    mutationPayload({ invitation: null }, async () => {
      const { invitationId } = context.settle(await revokeInvitation(context.services, context.actor(), input));
      return { invitation: await context.loaders.invitation.load(invitationId) };
    }),

  invitationResend: (_parent, { input }, context) =>
    mutationPayload({ invitation: null }, async () => {
      const { invitationId } = context.settle(await resendInvitation(context.services, context.actor(), input));
      return { invitation: await context.loaders.invitation.load(invitationId) };
    }),

  roleCreate: (_parent, { input }, context) =>
    mutationPayload({ role: null }, async () => {
      const { roleId } = context.settle(await createRole(context.services, context.actor(), input));
      return { role: await context.loaders.role.load(roleId) };
    }),

  roleUpdate: (_parent, { input }, context) =>
    mutationPayload({ role: null }, async () => {
      const outcome = await updateRole(context.services, context.actor(), input);
      const { roleId } = context.settle(outcome, await identityNow(context));
      return { role: await context.loaders.role.load(roleId) };
    }),

  roleDelete: (_parent, { input }, { services, actor, settle }) =>
    mutationPayload<{ deletedId: string | null }>({ deletedId: null }, async () =>
      settle(await deleteRole(services, actor(), input)),
    ),

  apiKeyCreate: (_parent, { input }, context) =>
    mutationPayload<IssuedKeyFields>(NO_KEY, async () => {
      const { apiKeyId, secret } = context.settle(await createApiKey(context.services, context.person(), input));
      return { apiKey: await context.loaders.apiKey.load(apiKeyId), secret };
    }),

  apiKeyRotate: (_parent, { input }, context) =>
    mutationPayload<IssuedKeyFields>(NO_KEY, async () => {
      const { apiKeyId, secret } = context.settle(await rotateApiKey(context.services, context.person(), input));
      return { apiKey: await context.loaders.apiKey.load(apiKeyId), secret };
    }),

  apiKeyRevoke: (_parent, { input }, context) =>
    mutationPayload({ apiKey: null }, async () => {
      const { apiKeyId } = context.settle(await revokeApiKey(context.services, context.actor(), input));
      return { apiKey: await context.loaders.apiKey.load(apiKeyId) };
    }),

  featureFlagSet: (_parent, { input }, context) =>
    mutationPayload<FlagFields>({ rules: null }, async () => {
      const { key } = context.settle(await setFeatureFlag(context.services, context.actor(), input));
      const { rules } = await context.read((tx) => findFlagRules(tx));
      return { rules: rules.filter((rule) => rule.key === key) };
    }),

  domainAdd: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ domain: OrganizationDomain | null }>({ domain: null }, async () => ({
      domain: settle(await addDomain(services, person(), input)),
    })),

  domainVerify: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ domain: OrganizationDomain | null }>({ domain: null }, async () => ({
      domain: settle(await verifyDomain(services, person(), input)),
    })),

  domainRemove: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ removedId: string | null }>({ removedId: null }, async () =>
      settle(await removeDomain(services, person(), input)),
    ),

  identityProviderSet: (_parent, { input }, { services, person, settle }) =>
    mutationPayload<{ identityProvider: IdentityProvider | null }>({ identityProvider: null }, async () => ({
      identityProvider: settle(await setIdentityProvider(services, person(), input)),
    })),

  identityProviderRemove: (_parent, { input }, { services, person, settle }) =>
    mutationPayload({ removed: false }, async () => settle(await removeIdentityProvider(services, person(), input))),

  providerSignInBegin: (_parent, { input }, { services }) =>
    mutationPayload<{ url: string | null; secret: string | null }>({ url: null, secret: null }, () =>
      beginProviderSignIn(services, input),
    ),

  providerSignInComplete: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<SessionFields>(NOT_SIGNED_IN, async () => {
      const outcome = await completeProviderSignIn(services, cause, input);
      return settle(outcome, identityOf(outcome.result));
    }),

  invitationAccept: (_parent, { input }, context) =>
    mutationPayload({ membership: null }, async () => {
      const outcome = await acceptInvitation(context.services, context.person(), input);
      const { membershipId } = context.settle(outcome, await identityNow(context));
      return { membership: await context.loaders.membership.load(membershipId) };
    }),

  invitationRegister: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<{ email: string | null; organizationId: string | null }>(
      { email: null, organizationId: null },
      async () => settle(await registerByInvitation(services, cause, input)),
    ),

  membershipUpdate: (_parent, { input }, context) =>
    mutationPayload({ membership: null }, async () => {
      const { membershipId } = context.settle(await updateMembership(context.services, context.actor(), input));
      return { membership: await context.loaders.membership.load(membershipId) };
    }),

  membershipRemove: (_parent, { input }, { services, actor, settle }) =>
    mutationPayload<{ removedId: string | null }>({ removedId: null }, async () =>
      settle(await removeMembership(services, actor(), input)),
    ),
};

interface IssuedKeyFields {
  readonly apiKey: ApiKey | null;
  readonly secret: string | null;
}

const NO_KEY: IssuedKeyFields = { apiKey: null, secret: null };

interface ReplayFields {
  readonly differences: ProfileChanges | null;
  readonly eventCount: number | null;
  readonly written: boolean;
}

const NOT_REPLAYED: ReplayFields = { differences: null, eventCount: null, written: false };

interface FlagFields {
  readonly rules: readonly FlagRule[] | null;
}

interface SessionFields {
  readonly session: SignedIn["session"] | null;
  readonly tokens: SignedIn["tokens"] | null;
}

const NOT_SIGNED_IN: SessionFields = { session: null, tokens: null };

/**
 * Whoever was given tokens may read the session they belong to in this very answer; its organisations follow with the
 * next request.
 */
function identityOf({ session }: SignedIn): UserIdentity {
  return { kind: "USER", userId: session.userId, sessionId: session.id, grants: new Map() };
}

/** The viewer with the organisation that this request has just joined. What a program may do the next request asks. */
async function identityNow({ actor, services }: UserContext): Promise<Principal> {
  const { identity } = actor();
  if (identity.kind === "API_KEY") return identity;
  return { ...identity, grants: await readGrants(services.database, identity.userId, identity.sessionId) };
}
