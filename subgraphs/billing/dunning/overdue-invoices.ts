/**
 * The job that tries again what could not be collected, and gives it up in the end. It finds invoices with the relay
 * role and works on each as its organisation. The account's row lock decides, so each is tried once, however often it
 * is listed.
 */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { Job } from "../../../platform/jobs/job.ts";
import { collectOverdueInvoice } from "../commands/payments/collect-overdue-invoice.ts";
import { InvoiceId } from "../domain/ids.ts";
import type { BillingServices } from "../services.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findDueInvoices } from "../store/invoices.ts";

const EVERY_MS = 1_000;

export interface OverdueInvoicesOptions {
  readonly services: BillingServices;
  /** With the relay role. */
  readonly pollingDatabase: BillingDatabase;
}

export function createOverdueInvoices({ services, pollingDatabase }: OverdueInvoicesOptions): Job {
  return {
    name: "overdue-invoices",
    schedule: { everyMs: EVERY_MS },
    async list(query) {
      const due = await findDueInvoices(pollingDatabase.autocommit, services.clock.now(), query);
      return due.map(({ id, organizationId }) => ({ id, tenantId: organizationId }));
    },
    carryOut: ({ id, tenantId }) =>
      collectOverdueInvoice(services, {
        id: InvoiceId.require(id),
        organizationId: OrganizationId.require(tenantId),
      }),
  };
}
