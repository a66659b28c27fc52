// A column that holds the values of a GraphQL enum allows these and no others.
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { deliveryState } from "../../../platform/carriers/delivery.ts";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { AuditActorKind, AuditOutcome, DeadLetterStatus, JobStatus } from "../../../schema/generated/audit.ts";
import {
  BillingAccountStatus,
  CreditNoteReason,
  CreditNoteStatus,
  DisputeStatus,
  InvoiceStatus,
  PaymentStatus,
  PlanInterval,
  PlanStatus,
  ProviderEventOutcome,
  RefundStatus,
  SubscriptionStatus,
} from "../../../schema/generated/billing.ts";
import {
  EmailStatus,
  EmailTopic,
  FeatureFlagScope,
  OrganizationStatus,
  ProfileEventType,
  SagaState,
  SagaStepState,
  UserStatus,
} from "../../../schema/generated/user.ts";
import { PaymentMethodStatus } from "../../../subgraphs/billing/domain/account.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";

/** What no client sees. */
const INTERNAL = {
  "idempotency.state": ["RUNNING", "DONE"],
  "saga_participation.state": ["EXECUTING", "EXECUTED", "COMPENSATING", "COMPENSATED"],
  "saga_participation.outcome": ["DONE", "FAILED"],
  "carrier_delivery.state": deliveryState.options,
  "carrier_step.state": deliveryState.options,
  "job_chunk.state": ["WAITING", "RUNNING", "DONE", "FAILED"],
} as const;

/** Every subgraph may coordinate sagas; the user subgraph shows its own. */
const SAGAS = { "saga.state": SagaState, "saga_step.state": SagaStepState } as const;

/** Every subgraph may have jobs; the audit subgraph shows their runs. */
const JOBS = { "job_run.status": JobStatus } as const;

const COLUMNS: Readonly<Record<"user" | "billing" | "audit", Readonly<Record<string, readonly string[]>>>> = {
  user: {
    ...INTERNAL,
    ...SAGAS,
    ...JOBS,
    "passkey_challenge.purpose": ["ENROLL", "PROVE"],
    "user.status": UserStatus,
    "organization.status": OrganizationStatus,
    "profile_event.type": ProfileEventType,
    "email_delivery.state": EmailStatus,
    "email_step.state": EmailStatus,
    "feature_flag_rule.scope": FeatureFlagScope,
    "unsubscribed_topic.topic": EmailTopic,
  },
  billing: {
    ...INTERNAL,
    ...SAGAS,
    ...JOBS,
    "billing_account.status": BillingAccountStatus,
    "plan.status": PlanStatus,
    "plan.interval": PlanInterval,
    "billing_subscription.status": SubscriptionStatus,
    "refund.status": RefundStatus,
    "dispute.status": DisputeStatus,
    "invoice.status": InvoiceStatus,
    "invoice_counter.series": ["INVOICE", "CREDIT_NOTE"],
    "credit_note.status": CreditNoteStatus,
    "credit_note.reason": CreditNoteReason,
    "subscription_change.status": ["PENDING", "APPLIED", "REVERTED"],
    "payment.status": PaymentStatus,
    "payment_method.status": PaymentMethodStatus,
    "provider_event.outcome": ProviderEventOutcome,
  },
  audit: {
    ...INTERNAL,
    ...SAGAS,
    ...JOBS,
    "audit_entry.actor_kind": AuditActorKind,
    "audit_entry.outcome": AuditOutcome,
    "dead_letter.status": DeadLetterStatus,
    "recorded_run.status": JobStatus,
  },
};

const checkRows = z.array(z.object({ holder: z.string(), definition: z.string() }));

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

/** Columns with a check of the form `column IN (…)`, each with what it allows. */
async function enumColumns(name: string): Promise<Record<string, string[]>> {
  const urls = databaseUrls(server.adminUrl, name, "p");
  await prepareDatabase({ adminUrl: server.adminUrl, name, urls });
  const client = new Client({ connectionString: urls.owner });
  await client.connect();
  try {
    const { rows } = await client.query(`
      SELECT relname AS holder, pg_get_constraintdef(pg_constraint.oid) AS definition
      FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid WHERE contype = 'c'`);
    return Object.fromEntries(
      checkRows.parse(rows).flatMap(({ holder, definition }) => {
        const [, column, list] = /^CHECK \(\("?(\w+)"? = ANY \(ARRAY\[(.*)\]\)\)\)$/.exec(definition) ?? [];
        if (column === undefined || list === undefined) return [];
        return [[`${holder}.${column}`, [...list.matchAll(/'([^']*)'/g)].map(([, value]) => value ?? "")]];
      }),
    );
  } finally {
    await client.end();
  }
}

test.for(["user", "billing", "audit"] as const)(
  "the enum columns of %s allow the values of their GraphQL enums, and none is left out here",
  async (name) => {
    const found = await enumColumns(name);
    const sorted = (values: readonly string[]) => [...values].sort();
    const expected = Object.entries(COLUMNS[name]).map(([column, values]) => [column, sorted(values)]);
    const actual = Object.entries(found).map(([column, values]) => [column, sorted(values)]);
    expect(actual.sort()).toEqual(expected.sort());
  },
);
