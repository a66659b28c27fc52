// People whom an owner invites into an organisation, and who come.
import { randomUUID } from "node:crypto";
import { tokenFromMail } from "./mailbox-client.ts";
import type { Account, Member, PlatformAddress } from "./new-member.ts";

/** The roles of the organisation with this name: one, or none. */
export async function roleIds({ client }: Member, { organizationId }: Account, name: string): Promise<string[]> {
  const data = await client.request<{ organization: { roles: { id: string; name: string }[] } }>(
    "query($id: ID!) { organization(id: $id) { roles { id name } } }",
    { id: organizationId },
  );
  return data.organization.roles.filter((role) => role.name === name).map(({ id }) => id);
}

/** The owner invites, the person accepts. @returns the id of the membership */
export async function inviteMember(
  { mailbox }: Pick<PlatformAddress, "mailbox">,
  owner: Member,
  account: Account,
  person: Member,
  role: string,
): Promise<string> {
  const { organizationId } = account;
  const roles = await roleIds(owner, account, role);
  const invitation = { organizationId, email: person.email, roleIds: roles, idempotencyKey: randomUUID() };
  await owner.client.mutate("invitationCreate", invitation, "invitation { id }");
  const token = await tokenFromMail(mailbox, person.email, "/invite");
  const { membership } = await person.client.mutate<{ membership: { id: string } }>(
    "invitationAccept",
    { token },
    "membership { id }",
  );
  return membership.id;
}
