// Commands as careful clients send them: with a key, again and again, until they are acknowledged.
import { randomUUID } from "node:crypto";
import { waitFor } from "../wait.ts";
import type { Account, Member } from "./new-member.ts";
import { newCardToken } from "./test-cards.ts";

/** Longer than anything takes to come back that a test stops. */
const RECOVERY_MS = 120_000;

const ATTACH = `mutation($input: PaymentMethodAttachInput!) {
  paymentMethodAttach(input: $input) { paymentMethod { id } userErrors { code } } }`;
const CREATE = `mutation($input: OrganizationCreateInput!) {
  organizationCreate(input: $input) { organization { id } userErrors { code } } }`;

interface Payload {
  readonly paymentMethodAttach?: { readonly paymentMethod: { readonly id: string } | null } | null;
  readonly organizationCreate?: { readonly organization: { readonly id: string } | null } | null;
}

type Sender = Pick<Member, "client">;

/** What stands for an id when a command was rolled back that had to be. */
const ROLLED_BACK = "rolled back";

/** @param doomed `INTERNAL_SERVER_ERROR` is the answer, too: the database refuses the command */
async function acknowledge({ client }: Sender, document: string, input: object, doomed = false): Promise<string> {
  const keyed = { ...input, idempotencyKey: randomUUID() };
  const answered = async () => {
    const { data, errors } = await client.send<Payload>(document, { input: keyed });
    const id = data?.paymentMethodAttach?.paymentMethod?.id ?? data?.organizationCreate?.organization?.id;
    if (id !== undefined) return id;
    if (doomed && errors?.[0]?.extensions?.["code"] === "INTERNAL_SERVER_ERROR") return ROLLED_BACK;
    throw new Error(`not acknowledged: ${JSON.stringify(errors ?? data)}`);
  };
  return waitFor(answered, { what: "an acknowledged command", deadlineMs: RECOVERY_MS, intervalMs: 50 });
}

/** @returns the card's id */
export const attachSurely = (member: Sender, { accountId }: Pick<Account, "accountId">): Promise<string> =>
  acknowledge(member, ATTACH, { accountId, providerToken: newCardToken() });

/** Attaches a Mastercard, where the database refuses those. */
export const attachInVain = (member: Sender, { accountId }: Pick<Account, "accountId">): Promise<string> =>
  acknowledge(member, ATTACH, { accountId, providerToken: "tok_mastercard" }, true);

/** @returns the organisation's id */
export const createOrganizationSurely = (member: Sender, name = "Random Works"): Promise<string> =>
  acknowledge(member, CREATE, { name, slug: `t-${randomUUID().slice(0, 18)}` });
