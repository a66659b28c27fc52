/**
 * A mail about an organisation's money. It goes to where the organisation wants such mails, or else to each owner. What
 * it says stands in the event that calls for it, since nothing of another subgraph can be looked up when it is sent.
 */
import type { z } from "zod";
import type { MailFacts } from "../domain/email-delivery.ts";
import { MembershipId, OrganizationId } from "../domain/ids.ts";
import type { Organization } from "../domain/organization.ts";
import { findBillingContact } from "../store/billing-contacts.ts";
import type { UserTransaction } from "../store/database.ts";
import { findMembership, findOwnerships } from "../store/memberships.ts";
import { findOrganizations } from "../store/organizations.ts";
import { findUser, findUserByEmail } from "../store/users.ts";
import type { ComposedMail, MailKind } from "./mail-kind.ts";
import type { Words } from "./template-values.ts";

export interface MoneyNotice extends MailKind {
  /** @returns undefined where the event calls for no such mail */
  factsOf(data: MailFacts, organization: Pick<Organization, "status">): MailFacts | undefined;
}

/** Who reads it: null where it is no person that we know. */
export interface Addressed {
  readonly displayName: string | null;
  readonly organization: string;
}

export interface MoneyNoticeOptions<Facts> {
  readonly template: Words["template"];
  /** Reads what `factsOf` kept. */
  readonly facts: z.ZodType<Facts>;
  readonly factsOf: MoneyNotice["factsOf"];
  words(addressed: Addressed, facts: Facts): Words;
}

const DAY_MS = 24 * 3_600_000;

export function moneyNotice<Facts>({ template, facts, factsOf, words }: MoneyNoticeOptions<Facts>): MoneyNotice {
  return {
    template,
    about: "organizationId",
    // Later it would be no news: what happened before these mails is not told when the log is read anew.
    withinMs: DAY_MS,
    factsOf,
    async compose(tx, regardingId, { linkTo, facts: kept }) {
      const organizationId = OrganizationId.from(regardingId);
      const found =
        organizationId === undefined
          ? await findOwner(tx, MembershipId.require(regardingId))
          : await findContact(tx, organizationId);
      if (found === undefined) return undefined;
      const [organization] = await findOrganizations(tx, [found.organizationId]);
      if (organization === undefined || organization.status === "DELETED") return undefined;
      const { to, reader, displayName } = found;
      return {
        ...{ to, reader },
        words: words({ displayName, organization: organization.name }, facts.parse(kept)),
        url: linkTo(`/o/${organization.id}`),
      };
    },
  };
}

interface Recipient extends Pick<ComposedMail, "to" | "reader"> {
  readonly organizationId: OrganizationId;
  readonly displayName: string | null;
}

async function findOwner(tx: UserTransaction, id: MembershipId): Promise<Recipient | undefined> {
  const membership = await findMembership(tx, id);
  const owner = membership === undefined ? undefined : await findUser(tx, membership.userId);
  if (membership === undefined || owner?.status !== "ACTIVE") return undefined;
  const { organizationId } = membership;
  return { organizationId, to: owner.email, reader: owner, displayName: owner.displayName };
}

/** Where it was taken away since, the first owner gets the mail. */
async function findContact(tx: UserTransaction, organizationId: OrganizationId): Promise<Recipient | undefined> {
  const email = await findBillingContact(tx, organizationId);
  const [ownership] = await findOwnerships(tx, organizationId);
  const owner = ownership === undefined ? undefined : await findOwner(tx, ownership.id);
  if (email === undefined) return owner;
  // Somebody without an account reads the language of the organisation's first owner.
  const reader = (await findUserByEmail(tx, email)) ?? owner?.reader;
  return { organizationId, to: email, reader, displayName: null };
}
