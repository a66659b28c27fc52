/**
 * Moves the time of an account, where no real money is moved: renewals, ends and further attempts to collect happen on
 * the way, in their order. An account that was given a time of its own keeps it.
 */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { TestClockAdvanceInput } from "../../../../schema/generated/billing.ts";
import { AccountId } from "../../domain/ids.ts";
import { testClockSet } from "../../domain-events.ts";
import { requireOpen } from "../../errors.ts";
import type { BillingServices } from "../../services.ts";
import { findAccounts, setTestClock } from "../../store/accounts.ts";
import { requireRow } from "../../store/require-row.ts";
import { runManagedCommand } from "../../validation/managed-command.ts";
import { ACCOUNT_ITSELF } from "../../validation/managed-target.ts";

const storedResult = z.object({ accountId: AccountId.schema });

/** At once: more is asked for in steps. */
const MOST_DAYS = 731;
const DAY_MS = 86_400_000;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `IDEMPOTENCY_…` */
export async function advanceTestClock(
  services: BillingServices,
  actor: Actor,
  { accountId: id, idempotencyKey, to }: TestClockAdvanceInput,
): Promise<CommandOutcome<z.infer<typeof storedResult>>> {
  const input = { id, idempotencyKey };
  const terms = { to: to.toISOString() };
  const command = { command: "testClockAdvance", target: ACCOUNT_ITSELF, input, terms, result: storedResult };
  return runManagedCommand(services, actor, command, async ({ tx, emit }, { accountId }, { clock }) => {
    const account = requireRow((await findAccounts(tx, [accountId])).at(0));
    if (!services.provider.isTest) {
      throw refuse("STATE_INVALID", "Time is moved only where no real money is: use the sandbox.", "accountId");
    }
    requireOpen(account, "accountId");
    if (account.testTarget !== null) {
      const target = account.testTarget.toISOString();
      throw refuse("STATE_INVALID", `The time is being moved to ${target}: wait for that.`, "accountId");
    }
    const now = clock.now();
    if (to <= now || to.getTime() - now.getTime() > MOST_DAYS * DAY_MS) {
      throw refuse("INVALID", `The account's time is ${now.toISOString()}: it moves on, two years at most.`, "to");
    }
    const change = { from: account.testTime, testTime: now, testTarget: to };
    const moving = await setTestClock(tx, account.id, change);
    if (moving === undefined) throw new Error("the account is locked, and its clock was moved");
    emit(testClockSet(moving));
    return { accountId: account.id };
  });
}
