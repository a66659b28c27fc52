import { useState } from "react";
import { Link } from "react-router";
import type { DashboardQuery, InvoiceFieldsFragment } from "../../../schema/generated/operations.ts";
import { useOrganization } from "../app/organization-context.ts";
import { formatMoney, isPositive } from "../format/money.ts";
import { describeMethod } from "../format/payment-method.ts";
import { PayInvoiceDialog } from "../payments/pay-invoice-dialog.tsx";
import { InvoiceTable } from "./invoice-table.tsx";
import { PlanSummary } from "./plan-summary.tsx";
import { UsageSummary } from "./usage-summary.tsx";

type Account = NonNullable<NonNullable<DashboardQuery["organization"]>["billingAccount"]>;

/** Plan, what is used of it, what is due, how it is paid, and the invoices. */
export function BillingOverview({ account }: { readonly account: Account }) {
  const { organizationId, permissions } = useOrganization();
  const [paying, setPaying] = useState<InvoiceFieldsFragment>();
  const manages = permissions.has("billing.manage");
  const method = account.paymentMethods.find(({ isDefault }) => isDefault) ?? account.paymentMethods[0];
  const invoices = account.invoices.edges.map(({ node }) => node);
  const plans = account.subscriptions.edges.map(({ node }) => node).filter(({ status }) => status !== "CANCELED");
  return (
    <>
      <dl className="facts">
        <PlanSummary subscriptions={plans} plansPath={`/o/${organizationId}/plans`} />
        <UsageSummary />
        <div className="card fact">
          <dt>Amount due</dt>
          <dd className={isPositive(account.amountDue) ? "figure due" : "figure"}>{formatMoney(account.amountDue)}</dd>
        </div>
        <div className="card fact">
          <dt>Payment method</dt>
          <dd>{method === undefined ? "None yet" : describeMethod(method)}</dd>
        </div>
      </dl>
      <section className="card" aria-labelledby="invoices-title">
        <h2 id="invoices-title">Invoices</h2>
        {invoices.length === 0 ? (
          <p className="hint">
            No invoices yet. {manages && <Link to={`/o/${organizationId}/plans`}>Pick a plan</Link>}
          </p>
        ) : (
          <InvoiceTable invoices={invoices} onPay={manages ? setPaying : undefined} />
        )}
      </section>
      {paying !== undefined && (
        <PayInvoiceDialog
          accountId={account.id}
          invoice={paying}
          methods={account.paymentMethods}
          onClose={() => setPaying(undefined)}
        />
      )}
    </>
  );
}
