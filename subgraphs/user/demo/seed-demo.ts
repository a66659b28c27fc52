/**
 * The demo people and their organisation, made by the commands that everybody uses. So events, mails and the audit log
 * look as if they had signed up. It may be repeated: existing data is left alone.
 */
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { causedByService } from "../../../platform/events/service-causation.ts";
import type { Cause, Person } from "../../../platform/graphql/subgraph-context.ts";
import { registerUser } from "../commands/accounts/register-user.ts";
import { verifyEmail } from "../commands/accounts/verify-email.ts";
import { acceptInvitation } from "../commands/invitations/accept-invitation.ts";
import { createInvitation } from "../commands/invitations/create-invitation.ts";
import { createOrganization } from "../commands/organizations/create-organization.ts";
import { INVITATION_TOKEN, mintToken, VERIFICATION_TOKEN } from "../credentials/opaque-token.ts";
import { readGrants } from "../credentials/read-grants.ts";
import type { OrganizationId, UserId } from "../domain/ids.ts";
import { INVITATION_LIFETIME_MS } from "../domain/invitation.ts";
import type { UserServices } from "../services.ts";
import { insertVerification } from "../store/email-verifications.ts";
import { insertInvitationToken } from "../store/invitations.ts";
import { isMember } from "../store/memberships.ts";
import { findOrganizationBySlug } from "../store/organizations.ts";
import { findRolesOfOrganizations } from "../store/roles.ts";
import { findUserByEmail } from "../store/users.ts";
import { requireSlug } from "../validation/text.ts";

export const DEMO = {
  email: "demo@tributary.local",
  teammateEmail: "teammate@tributary.local",
  password: "demo-tributary-2026",
  organizationName: "Demo Inc",
  slug: "demo",
} as const;

export async function seedDemo(services: UserServices): Promise<void> {
  const cause: Cause = { causation: causedByService("seed"), client: {} };
  const owner = await person(services, cause, DEMO.email, "Demo Owner");
  const teammate = await person(services, cause, DEMO.teammateEmail, "Demo Teammate");
  const organizationId = await organization(services, await actorFor(services, cause, owner));
  if (await inTenants(services.database, [organizationId], (tx) => isMember(tx, organizationId, teammate))) return;
  await join(
    services,
    organizationId,
    await actorFor(services, cause, owner),
    await actorFor(services, cause, teammate),
  );
}

/** The id of a user with a confirmed address. */
async function person(services: UserServices, cause: Cause, email: string, displayName: string): Promise<UserId> {
  const { database, clock } = services;
  if ((await findUserByEmail(database.autocommit, email)) === undefined) {
    await registerUser(services, cause, { email, password: DEMO.password, displayName });
  }
  const user = await findUserByEmail(database.autocommit, email);
  if (user === undefined) throw new Error(`the demo user ${email} could not be created`);
  if (user.status === "PENDING_VERIFICATION") {
    const { token, hash } = mintToken(VERIFICATION_TOKEN, user.id);
    const now = clock.now();
    await inTenants(database, [user.id], (tx) =>
      insertVerification(tx, {
        tokenHash: hash,
        userId: user.id,
        createdAt: now,
        expiresAt: new Date(now.getTime() + 60_000),
      }),
    );
    await verifyEmail(services, cause, { token });
  }
  return user.id;
}

async function actorFor(services: UserServices, { causation, ...cause }: Cause, userId: UserId): Promise<Person> {
  const grants = await readGrants(services.database, userId);
  return {
    ...cause,
    identity: { kind: "USER", userId, sessionId: services.ids.next("ses"), grants },
    causation: { ...causation, actorKind: "USER", actorId: userId },
  };
}

async function organization(services: UserServices, owner: Person): Promise<OrganizationId> {
  const { userId, grants } = owner.identity;
  const slug = requireSlug(DEMO.slug);
  const existing = await inTenants(services.database, [userId, ...grants.keys()], (tx) =>
    findOrganizationBySlug(tx, slug),
  );
  if (existing !== undefined) return existing.id;
  const input = { name: DEMO.organizationName, slug, idempotencyKey: "seed-demo-organization" };
  return (await createOrganization(services, owner, input)).result.organizationId;
}

async function join(
  services: UserServices,
  organizationId: OrganizationId,
  owner: Person,
  teammate: Person,
): Promise<void> {
  const { database, clock } = services;
  const roles = await inTenants(database, [organizationId], (tx) => findRolesOfOrganizations(tx, [organizationId]));
  const roleIds = roles.filter(({ name }) => name === "MEMBER").map(({ id }) => id);
  const idempotencyKey = `seed-demo-${Math.floor(clock.now().getTime() / INVITATION_LIFETIME_MS)}`;
  const input = { organizationId, email: DEMO.teammateEmail, roleIds, idempotencyKey };
  const { invitationId } = (await createInvitation(services, owner, input)).result;
  const { token, hash } = mintToken(INVITATION_TOKEN, organizationId);
  await inTenants(database, [organizationId], (tx) =>
    insertInvitationToken(tx, { tokenHash: hash, invitationId, organizationId, createdAt: clock.now() }),
  );
  await acceptInvitation(services, teammate, { token });
}
