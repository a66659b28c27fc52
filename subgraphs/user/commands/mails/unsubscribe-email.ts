/** Ends the mails of a topic by the link of one of them. Whoever has the link need not sign in. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { EmailTopic, EmailUnsubscribeInput } from "../../../../schema/generated/user.ts";
import { readUnsubscribeToken } from "../../credentials/unsubscribe-token.ts";
import type { UserServices } from "../../services.ts";
import { changeSubscription } from "./change-subscription.ts";

/** @throws UserFailure `EXPIRED` */
export async function unsubscribeEmail(
  services: UserServices,
  { causation }: Pick<Cause, "causation">,
  { token }: EmailUnsubscribeInput,
): Promise<CommandOutcome<{ readonly topic: EmailTopic }>> {
  const expired = refuse("EXPIRED", "This link is no longer valid: sign in, and choose your mails there.", "token");
  const mails = readUnsubscribeToken(services.unsubscribeSeal, token);
  if (mails === undefined) throw expired;
  const { userId, topic } = mails;
  return runCommand(services, { tenants: [userId], causation }, async (scope) => {
    if (!(await changeSubscription(scope, { ...mails, subscribed: false }, services.clock.now()))) throw expired;
    return { topic };
  });
}
