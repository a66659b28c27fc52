import { mutationPayload } from "../../../platform/graphql/mutation-payload.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import { verifyEmail } from "../commands/email-verify.ts";
import { joinByInvitation } from "../commands/invitation-accept.ts";
import { createInvitation } from "../commands/invitation-create.ts";
import { removeMembership } from "../commands/membership-remove.ts";
import { updateMembership } from "../commands/membership-update.ts";
import { createOrganization } from "../commands/organization-create.ts";
import { updateOrganization } from "../commands/organization-update.ts";
import { createSession, type SignedIn } from "../commands/session-create.ts";
import { refreshSession } from "../commands/session-refresh.ts";
import { revokeSession } from "../commands/session-revoke.ts";
import { registerUser } from "../commands/user-register.ts";
import { resendVerification } from "../commands/verification-resend.ts";
import type { UserContext, UserParents } from "../context.ts";
import { readGrants } from "../grants.ts";
import type { UserIdentity } from "../policies.ts";
import type { OrganizationRow } from "../store/organizations.ts";
import type { UserRow } from "../store/users.ts";

export const mutation: ResolversOf<"Mutation", UserContext, UserParents> = {
  userRegister: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload({ accepted: false }, async () => settle(await registerUser(services, cause, input))),

  emailVerify: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<{ user: UserRow | null }>({ user: null }, async () => ({
      user: settle(await verifyEmail(services, cause, input)),
    })),

  verificationResend: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload({ accepted: false }, async () => settle(await resendVerification(services, cause, input))),

  sessionCreate: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<SessionFields>(NOT_SIGNED_IN, async () => {
      const outcome = await createSession(services, cause, input);
      return settle(outcome, identityOf(outcome.result));
    }),

  sessionRefresh: (_parent, { input }, { services, cause, settle }) =>
    mutationPayload<SessionFields>(NOT_SIGNED_IN, async () => {
      const outcome = await refreshSession(services, cause, input);
      return settle(outcome, identityOf(outcome.result));
    }),

  sessionRevoke: (_parent, { input }, { services, actor, settle }) =>
    mutationPayload<{ revokedIds: string[] | null }>({ revokedIds: null }, async () =>
      settle(await revokeSession(services, actor(), input)),
    ),

  organizationCreate: (_parent, { input }, context) =>
    mutationPayload({ organization: null }, async () => {
      const outcome = await createOrganization(context.services, context.actor(), input);
      const { organizationId } = context.settle(outcome, await identityNow(context));
      return { organization: await context.loaders.organization.load(organizationId) };
    }),

  organizationUpdate: (_parent, { input }, { services, actor, settle }) =>
    mutationPayload<{ organization: OrganizationRow | null }>({ organization: null }, async () => ({
      organization: settle(await updateOrganization(services, actor(), input)),
    })),

  invitationCreate: (_parent, { input }, context) =>
    mutationPayload({ invitation: null }, async () => {
      const { invitationId } = context.settle(await createInvitation(context.services, context.actor(), input));
      return { invitation: await context.loaders.invitation.load(invitationId) };
    }),

  invitationAccept: (_parent, { input }, context) =>
    mutationPayload({ membership: null }, async () => {
      const outcome = await joinByInvitation(context.services, context.actor(), input);
      const { membershipId } = context.settle(outcome, await identityNow(context));
      return { membership: await context.loaders.membership.load(membershipId) };
    }),

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

interface SessionFields {
  readonly session: SignedIn["session"] | null;
  readonly tokens: SignedIn["tokens"] | null;
}

const NOT_SIGNED_IN: SessionFields = { session: null, tokens: null };

/** Whoever was given tokens may read the session they belong to in this very answer; its organisations follow with the next request. */
function identityOf({ session }: SignedIn): UserIdentity {
  return { kind: "USER", userId: session.userId, sessionId: session.id, grants: new Map() };
}

/** The viewer with the organisation that this request has just joined. */
async function identityNow({ actor, services }: UserContext): Promise<UserIdentity> {
  const { identity } = actor();
  return { ...identity, grants: await readGrants(services.client, identity.userId) };
}
