/** Says whether the viewer takes mails of a topic. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { EmailSubscriptionSetInput } from "../../../../schema/generated/user.ts";
import type { EmailSubscription } from "../../domain/email-subscription.ts";
import type { UserServices } from "../../services.ts";
import { changeSubscription } from "./change-subscription.ts";

/** @throws UserFailure `NOT_FOUND` for an account that is gone */
export async function setEmailSubscription(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { topic, subscribed }: EmailSubscriptionSetInput,
): Promise<CommandOutcome<{ readonly subscription: EmailSubscription }>> {
  return runCommand(services, { tenants: [userId], causation }, async (scope) => {
    const wish = { userId, topic, subscribed };
    if (!(await changeSubscription(scope, wish, services.clock.now()))) throw notFound("user", "topic");
    return { subscription: { topic, subscribed } };
  });
}
