/** The step `billing_account`: the organisation gets its account; undone, the account is closed. */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { SagaStepHandler } from "../../../platform/saga/saga-participant.ts";
import { openAccount } from "../commands/accounts/open-account.ts";
import { accountClosed } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import { changeAccountStatus, lockAccountOf } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { PLAN_CODE } from "./step-input.ts";

export const billingAccount: SagaStepHandler<BillingServices, BillingTransaction> = {
  async execute(services, scope, { tenantId, input }) {
    const organizationId = OrganizationId.require(tenantId);
    const status = input[PLAN_CODE] === undefined ? "ACTIVE" : "PENDING";
    return { result: { outcome: "DONE" }, reference: await openAccount(services, scope, { organizationId, status }) };
  },

  async compensate({ clock }, { tx, emit }, { tenantId }) {
    const account = await lockAccountOf(tx, OrganizationId.require(tenantId));
    if (account === undefined) return { outcome: "DONE" };
    const change = { from: ["PENDING", "ACTIVE"] as const, to: "CLOSED", at: clock.now() } as const;
    const closed = await changeAccountStatus(tx, account.id, change);
    if (closed !== undefined) emit(accountClosed(closed));
    return { outcome: "DONE" };
  },
};
