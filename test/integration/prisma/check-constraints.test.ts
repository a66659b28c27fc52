// Every CHECK of every table refuses what it is there to refuse, whoever writes: the last layer stands alone.
import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";
import { inDatabase, withClient } from "./as-role.ts";

/** Columns and their values. What the values refer to need not exist: references are looked at after the checks. */
type Row = Readonly<Record<string, unknown>>;

interface Table {
  /** A row that all checks let pass. */
  readonly row: Row;
  /** What of it makes each check refuse it. */
  readonly violations: Readonly<Record<string, readonly Row[]>>;
}

const now = "2026-01-01T00:00:00Z";
const later = "2026-02-01T00:00:00Z";
const currencies: readonly Row[] = [{ currency: "eur" }, { currency: "EURO" }, { currency: "" }];
const emails: readonly Row[] = [{ email: "ada example.com" }, { email: "@" }, { email: `${"a".repeat(250)}@b.cd` }];

const IDEMPOTENCY: Table = {
  row: { tenant_id: "t", key: "k", command: "c", input_hash: "h", state: "RUNNING" },
  violations: { idempotency_state_check: [{ state: "PAUSED" }] },
};

const SAGA = {
  id: "sga_1",
  tenant_id: "org_1",
  kind: "K",
  state: "RUNNING",
  input: "{}",
  causation: "{}",
  started_at: now,
  deadline: later,
  wake_at: now,
  version: 1,
};

const RUN = {
  id: "job_1",
  job: "renewals",
  status: "RUNNING",
  chunks_total: 2,
  chunks_done: 0,
  chunks_failed: 0,
  items_total: 3,
  items_done: 0,
  items_failed: 0,
  started_at: now,
  version: 1,
};

const RUN_COUNTS = {
  chunks: [{ chunks_done: 3 }, { chunks_done: 2, chunks_failed: 1 }],
  items: [{ items_failed: 4 }, { items_done: 3, items_failed: 1 }],
};

const JOB_CHUNK = {
  run_id: "job_1",
  ordinal: 0,
  job: "renewals",
  state: "WAITING",
  size: 2,
  items: "[]",
  failures: "[]",
  due_at: now,
  attempts: 0,
  failed_attempts: 0,
};

const LEASE = "01890a5d-ac96-774b-bcce-b302099a8057";
const ENDED = { finished_at: now, notified_at: now };

/** What every database holds. */
const SHARED: Readonly<Record<string, Table>> = {
  idempotency: IDEMPOTENCY,
  saga: {
    row: SAGA,
    violations: {
      saga_state_check: [{ state: "PAUSED" }],
      saga_finished: [{ finished_at: now, wake_at: null }, { state: "COMPLETED" }],
      saga_wakes: [{ wake_at: null }, { state: "COMPLETED", finished_at: now }],
    },
  },
  saga_step: {
    row: { saga_id: "sga_1", tenant_id: "org_1", position: 0, name: "n", service: "s", state: "PENDING", attempts: 0 },
    violations: {
      saga_step_state_check: [{ state: "PAUSED" }],
      saga_step_compensated: [{ state: "COMPENSATED" }, { compensated_at: now }],
    },
  },
  saga_participation: {
    row: { saga_id: "sga_1", step: "n", tenant_id: "org_1", state: "EXECUTING" },
    violations: {
      saga_participation_state_check: [{ state: "PAUSED" }],
      saga_participation_outcome_check: [{ outcome: "MAYBE" }],
      saga_participation_outcome: [{ state: "EXECUTED" }],
    },
  },
  carrier_address: {
    row: { carrier: "webhook", tenant_id: "org_1", address: "a", last_number: 1, wake_at: now },
    violations: {
      carrier_address_last_number: [{ last_number: 0 }],
      carrier_address_lease: [{ lease: "01890a5d-ac96-774b-bcce-b302099a8057", wake_at: null }],
    },
  },
  carrier_delivery: {
    row: {
      id: "d",
      carrier: "webhook",
      tenant_id: "org_1",
      address: "a",
      number: 1,
      content: "{}",
      state: "REQUESTED",
      requested_at: now,
    },
    violations: {
      carrier_delivery_state: [{ state: "LOST" }],
      carrier_delivery_attempts: [{ attempts: -1 }],
      carrier_delivery_finished: [{ finished_at: now }, { state: "DEAD" }],
      carrier_delivery_content: [{ content: null }, { state: "DELIVERED", finished_at: now }],
    },
  },
  carrier_step: {
    row: { delivery_id: "d", number: 1, tenant_id: "org_1", state: "SENDING", at: now },
    violations: { carrier_step_number: [{ number: 0 }], carrier_step_state: [{ state: "LOST" }] },
  },
  job_run: {
    row: { ...RUN, slot: now, causation: "{}", told_at: now },
    violations: {
      job_run_status_check: [{ status: "PAUSED", ...ENDED, summary: "{}" }],
      job_run_chunks: [...RUN_COUNTS.chunks, { chunks_done: -1 }],
      job_run_items: [...RUN_COUNTS.items, { items_done: -1 }],
      job_run_finished: [{ ...ENDED, summary: "{}" }, { status: "COMPLETED" }],
      job_run_notified: [{ status: "COMPLETED", summary: "{}", finished_at: now }, { notified_at: now }],
      job_run_summary: [{ status: "COMPLETED", ...ENDED }, { summary: "{}" }],
    },
  },
  job_chunk: {
    row: JOB_CHUNK,
    violations: {
      job_chunk_state_check: [{ state: "PAUSED" }],
      job_chunk_size: [{ size: 0 }],
      job_chunk_lease: [{ lease: LEASE }, { state: "RUNNING" }],
      job_chunk_due: [{ due_at: null }, { state: "DONE", ended_at: now }],
      job_chunk_ended: [{ ended_at: now }, { state: "FAILED", due_at: null }],
    },
  },
};

const DATABASES: Readonly<Record<string, Readonly<Record<string, Table>>>> = {
  user: {
    ...SHARED,
    user: {
      row: {
        id: "usr_1",
        email: "ada@example.com",
        display_name: "Ada",
        password_hash: "x",
        status: "ACTIVE",
        verification_requested_at: now,
        created_at: now,
        updated_at: now,
      },
      violations: {
        user_email_check: [{ email: "Ada@example.com" }],
        user_email_form: emails,
        user_display_name_length: [{ display_name: "" }, { display_name: "x".repeat(81) }],
        user_status_check: [{ status: "GONE" }],
        user_locale_length: [{ locale: "e" }, { locale: "x".repeat(36) }],
        user_time_zone_length: [{ time_zone: "" }, { time_zone: "x".repeat(65) }],
      },
    },
    pending_registration: {
      row: {
        id: "01890a5d-ac96-774b-bcce-b302099a8057",
        user_id: "usr_1",
        display_name: "Ada",
        password_hash: "x",
        created_at: now,
      },
      violations: {
        pending_registration_organization_name_length: [
          { organization_name: "" },
          { organization_name: "x".repeat(81) },
        ],
        pending_registration_plan: [
          { organization_name: "Ada Works", plan_code: "team" },
          { organization_name: "Ada Works", sealed_token: "x" },
          { plan_code: "team", sealed_token: "x" },
        ],
        pending_registration_locale_length: [{ locale: "" }, { locale: "x".repeat(36) }],
        pending_registration_display_name_length: [{ display_name: "" }, { display_name: "x".repeat(81) }],
      },
    },
    unsubscribed_topic: {
      row: { user_id: "usr_1", topic: "GETTING_STARTED", since: now },
      violations: { unsubscribed_topic_topic_check: [{ topic: "EVERYTHING" }] },
    },
    email_change: {
      row: {
        id: "01890a5d-ac96-774b-bcce-b302099a8057",
        user_id: "usr_1",
        email: "ada@example.com",
        created_at: now,
        expires_at: later,
      },
      violations: {
        email_change_email_check: [{ email: "Ada@example.com" }],
        email_change_email_form: emails,
      },
    },
    profile_event: {
      row: { user_id: "usr_1", sequence: 1, type: "UPDATED", changes: "{}", trace_id: "none", occurred_at: now },
      violations: {
        profile_event_sequence_check: [{ sequence: 0 }],
        profile_event_type_check: [{ type: "GONE" }],
      },
    },
    role: {
      row: { id: "rol_1", organization_id: "org_1", name: "SUPPORT", permissions: [], built_in: false },
      violations: { role_name_length: [{ name: "" }, { name: "x".repeat(41) }] },
    },
    session: {
      row: {
        id: "ses_1",
        user_id: "usr_1",
        device: "Firefox",
        created_at: now,
        last_seen_at: now,
        expires_at: later,
      },
      violations: { session_device_length: [{ device: "" }, { device: "x".repeat(121) }] },
    },
    passkey: {
      row: {
        id: "psk_1",
        user_id: "usr_1",
        credential_id: "x",
        public_key: "\\x00",
        counter: 0,
        transports: [],
        name: "Laptop",
        created_at: now,
      },
      violations: {
        passkey_counter_check: [{ counter: -1 }],
        passkey_name_length: [{ name: "" }, { name: "x".repeat(81) }],
      },
    },
    organization_domain: {
      row: { id: "dom_1", organization_id: "org_1", domain: "example.com", token: "x", created_at: now },
      violations: {
        organization_domain_form: [
          { domain: "Example.com" },
          { domain: "example" },
          { domain: ".com" },
          { domain: `${"a".repeat(250)}.com` },
        ],
      },
    },
    identity_provider: {
      row: {
        organization_id: "org_1",
        issuer: "https://login.example.com",
        client_id: "c",
        sealed_secret: "x",
        enforced: true,
        updated_at: now,
      },
      violations: {
        identity_provider_issuer_length: [{ issuer: "https:" }, { issuer: "x".repeat(501) }],
        identity_provider_client_length: [{ client_id: "" }, { client_id: "x".repeat(256) }],
      },
    },
    provider_account: {
      row: { organization_id: "org_1", issuer: "i", subject: "s", user_id: "usr_1", created_at: now },
      violations: { provider_account_subject_length: [{ subject: "" }, { subject: "x".repeat(256) }] },
    },
    passkey_challenge: {
      row: { challenge: "x", user_id: "usr_1", purpose: "PROVE", expires_at: later },
      violations: { passkey_challenge_purpose_check: [{ purpose: "PLAY" }] },
    },
    organization: {
      row: { id: "org_1", slug: "acme", name: "Acme", status: "ACTIVE", created_at: now, updated_at: now },
      violations: {
        organization_status_check: [{ status: "GONE" }],
        organization_deletes: [{ status: "DELETING" }, { deletes_at: later }],
        organization_slug_form: [{ slug: "ab" }, { slug: "Acme" }, { slug: "-acme" }, { slug: "a".repeat(41) }],
        organization_name_length: [{ name: "A" }, { name: "x".repeat(81) }],
      },
    },
    api_key: {
      row: {
        id: "key_1",
        organization_id: "org_1",
        name: "Export",
        scopes: ["billing.read"],
        granted_by_id: "usr_1",
        hint: "x9Qz",
        created_at: now,
        expires_at: later,
      },
      violations: {
        api_key_name_length: [{ name: "" }, { name: "x".repeat(81) }],
        api_key_scopes_given: [{ scopes: [] }],
        api_key_hint_length: [{ hint: "x" }, { hint: "x9Qz7" }],
        api_key_expiry: [{ expires_at: now }],
      },
    },
    feature_flag_rule: {
      row: { flag_key: "api-keys", scope: "EVERYBODY", target: "", percent: 25, updated_at: now },
      violations: {
        feature_flag_rule_scope_check: [{ scope: "SOMEBODY", target: "x", percent: 0 }],
        feature_flag_rule_percent_range: [{ percent: -1 }, { percent: 101 }],
        feature_flag_rule_target: [{ target: "org_1" }, { scope: "PLAN", percent: 100 }],
        feature_flag_rule_share: [{ scope: "PLAN", target: "pln_1" }],
      },
    },
    feature_flag_revision: {
      row: { id: 1, revision: 0 },
      violations: { feature_flag_revision_single: [{ id: 2 }] },
    },
    invitation: {
      row: {
        id: "ivt_1",
        organization_id: "org_1",
        email: "bob@example.com",
        role_ids: ["rol_1"],
        invited_by_id: "usr_1",
        created_at: now,
        expires_at: later,
      },
      violations: { invitation_email_check: [{ email: "Bob@example.com" }], invitation_email_form: emails },
    },
    email_delivery: {
      row: {
        event_id: "01890a5d-ac96-774b-bcce-b302099a8057",
        tenant_id: "usr_1",
        template: "verification",
        recipient: "ada@example.com",
        state: "SENT",
        created_at: now,
      },
      violations: { email_delivery_state_check: [{ state: "LOST" }] },
    },
    email_step: {
      row: {
        event_id: "01890a5d-ac96-774b-bcce-b302099a8057",
        number: 1,
        tenant_id: "usr_1",
        state: "SENT",
        at: now,
      },
      violations: { email_step_number: [{ number: 0 }], email_step_state_check: [{ state: "LOST" }] },
    },
  },
  billing: {
    ...SHARED,
    plan: {
      row: {
        id: "pln_1",
        code: "team",
        version: 1,
        name: "Team",
        status: "PUBLISHED",
        interval: "MONTH",
        currency: "EUR",
        amount_minor: 100,
        features: "[]",
      },
      violations: {
        plan_version_check: [{ version: 0 }],
        plan_status_check: [{ status: "DRAFT" }],
        plan_interval_check: [{ interval: "WEEK" }],
        plan_currency_check: currencies,
        plan_amount_minor_check: [{ amount_minor: 0 }, { amount_minor: -1 }],
      },
    },
    billing_account: {
      row: { id: "acc_1", organization_id: "org_1", currency: "EUR" },
      violations: {
        billing_account_currency_check: currencies,
        billing_account_status: [{ status: "GONE" }],
        billing_account_credit: [{ credit_minor: -1 }],
      },
    },
    payment_method: {
      row: {
        id: "pm_1",
        organization_id: "org_1",
        account_id: "acc_1",
        kind: "CARD",
        last4: "4242",
        provider: "sandbox",
        reference: "r",
        is_default: true,
        exp_month: 12,
        exp_year: 2030,
      },
      violations: {
        payment_method_last4_check: [{ last4: "424" }, { last4: "42424242" }, { last4: "abcd" }],
        payment_method_status: [{ status: "LOST", is_default: false }],
        payment_method_exp_month: [{ exp_month: 0 }, { exp_month: 13 }],
        payment_method_exp_year: [{ exp_year: 99 }, { exp_year: 10_000 }],
        payment_method_expiry: [{ exp_month: null }, { exp_year: null }],
        payment_method_reference: [{ reference: null }, { status: "DETACHED", is_default: false }],
        payment_method_default_kept: [{ status: "TRIED" }, { status: "DETACHING" }],
      },
    },
    billing_subscription: {
      row: {
        id: "sub_1",
        organization_id: "org_1",
        account_id: "acc_1",
        plan_id: "pln_1",
        status: "ACTIVE",
        quantity: 1,
        current_period_start: now,
        current_period_end: later,
        anchored_at: now,
        created_at: now,
      },
      violations: {
        billing_subscription_status_check: [{ status: "PAUSED" }],
        billing_subscription_quantity_check: [{ quantity: 0 }, { quantity: 10_001 }],
        billing_subscription_check: [{ current_period_end: now }],
        billing_subscription_next_quantity: [
          { next_plan_id: "pln_1", next_quantity: 0 },
          { next_plan_id: "pln_1", next_quantity: 10_001 },
        ],
        billing_subscription_next: [{ next_plan_id: "pln_1" }, { next_quantity: 1 }],
        billing_subscription_end: [{ cancel_at: later, next_plan_id: "pln_1", next_quantity: 1 }],
      },
    },
    invoice_counter: {
      row: { organization_id: "org_1", year: 2026, last_number: 1 },
      violations: {
        invoice_counter_last_number_check: [{ last_number: 0 }],
        invoice_counter_series: [{ series: "RECEIPT" }],
      },
    },
    invoice: {
      row: {
        id: "inv_1",
        organization_id: "org_1",
        account_id: "acc_1",
        number: "2026-1",
        status: "OPEN",
        currency: "EUR",
        subtotal_minor: 100,
        tax_minor: 19,
        total_minor: 119,
        issued_at: now,
        due_at: later,
      },
      violations: {
        invoice_status_check: [{ status: "LATE" }],
        invoice_currency_check: currencies,
        invoice_subtotal_minor_check: [{ subtotal_minor: -1, total_minor: 18 }],
        invoice_tax_minor_check: [{ tax_minor: -1, total_minor: 99 }],
        invoice_check: [{ total_minor: 118 }],
        invoice_check1: [{ status: "PAID" }, { paid_at: now }],
        invoice_credit: [{ credit_minor: -1 }, { credit_minor: 120 }],
      },
    },
    credit_note: {
      row: {
        id: "cn_1",
        organization_id: "org_1",
        account_id: "acc_1",
        invoice_id: "inv_1",
        invoice_line_id: "lin_1",
        number: "CN-2026-1",
        status: "ISSUED",
        reason: "PLAN_CHANGED",
        currency: "EUR",
        total_minor: 50,
        period_start: now,
        period_end: later,
        issued_at: now,
      },
      violations: {
        credit_note_status: [{ status: "OPEN" }],
        credit_note_reason: [{ reason: "GOODWILL" }],
        credit_note_currency: currencies,
        credit_note_total: [{ total_minor: 0 }, { total_minor: -1 }],
        credit_note_period: [{ period_end: now }],
      },
    },
    subscription_change: {
      row: {
        id: "chg_1",
        organization_id: "org_1",
        subscription_id: "sub_1",
        invoice_id: "inv_1",
        plan_id: "pln_1",
        quantity: 1,
        period_start: now,
        period_end: later,
        anchored_at: now,
        status: "PENDING",
        created_at: now,
      },
      violations: {
        subscription_change_quantity: [{ quantity: 0 }, { quantity: 10_001 }],
        subscription_change_period: [{ period_end: now }],
        subscription_change_status: [{ status: "WAITING" }],
      },
    },
    invoice_line: {
      row: {
        id: "lin_1",
        organization_id: "org_1",
        invoice_id: "inv_1",
        description: "Team",
        quantity: 2,
        currency: "EUR",
        unit_amount_minor: 50,
        amount_minor: 100,
      },
      violations: {
        invoice_line_quantity_check: [{ quantity: 0, amount_minor: 0 }],
        invoice_line_currency_check: currencies,
        invoice_line_unit_amount_minor_check: [{ unit_amount_minor: -50, amount_minor: -100 }],
        invoice_line_amount: [
          { amount_minor: 99 },
          { amount_minor: 101, proration: true },
          { amount_minor: -1, proration: true },
        ],
      },
    },
    payment: {
      row: {
        id: "pay_1",
        organization_id: "org_1",
        invoice_id: "inv_1",
        payment_method_id: "pm_1",
        currency: "EUR",
        amount_minor: 119,
        status: "PROCESSING",
        provider: "sandbox",
        causation: "{}",
      },
      violations: {
        payment_currency_check: currencies,
        payment_amount_minor_check: [{ amount_minor: 0 }],
        payment_status_check: [{ status: "UNKNOWN" }],
        payment_check: [{ status: "FAILED" }, { failure_code: "card_declined" }],
        payment_action: [{ status: "SUCCEEDED", action_url: "https://example.com/" }],
      },
    },
    provider_event: {
      row: {
        id: "pev_1",
        provider: "sandbox",
        provider_ref: "evt_1",
        type: "payment_intent.succeeded",
        organization_id: "org_1",
        payment_id: "pay_1",
        outcome: "RECEIVED",
        received_at: "2026-11-20T00:00:00Z",
      },
      violations: {
        provider_event_outcome: [{ outcome: "LOST", processed_at: "2026-11-20T00:00:01Z" }],
        provider_event_processed: [{ processed_at: "2026-11-20T00:00:01Z" }, { outcome: "APPLIED" }],
        provider_event_foreign: [{ outcome: "FOREIGN", processed_at: "2026-11-20T00:00:01Z" }],
        provider_event_payment: [{ payment_id: null }],
      },
    },
  },
  audit: {
    ...SHARED,
    audit_entry: {
      row: {
        id: "aud_1",
        tenant_id: "org_1",
        sequence: 1,
        event_id: "01890a5d-ac96-774b-bcce-b302099a8057",
        actor_kind: "USER",
        action: "billing.invoice.paid",
        outcome: "SUCCESS",
        targets: "[]",
        target_ids: [],
        metadata: "{}",
        occurred_at: now,
        recorded_at: now,
        correlation_id: "c",
        hash: "h",
      },
      violations: {
        audit_entry_sequence_check: [{ sequence: 0 }],
        audit_entry_actor_kind_check: [{ actor_kind: "ROBOT" }],
        audit_entry_outcome_check: [{ outcome: "MAYBE" }],
      },
    },
    dead_letter: {
      row: {
        id: "dlt_1",
        identity: "user.mail:user.events:0:7",
        consumer: "user.mail",
        topic: "user.events",
        partition: 0,
        record_offset: 7,
        record_key: "org_1",
        payload: "\\x7b7d",
        complete: true,
        reason: "Error: refused",
        attempts: 3,
        failures: 1,
        first_failed_at: now,
        last_failed_at: now,
        status: "OPEN",
      },
      violations: {
        dead_letter_attempts_check: [{ attempts: 0 }],
        dead_letter_failures_check: [{ failures: 0 }],
        dead_letter_status_check: [{ status: "LOST" }],
      },
    },
    recorded_run: {
      row: { ...RUN, service: "billing" },
      violations: {
        recorded_run_status_check: [{ status: "PAUSED", ...ENDED }],
        recorded_run_chunks: RUN_COUNTS.chunks,
        recorded_run_items: RUN_COUNTS.items,
        recorded_run_finished: [ENDED, { status: "COMPLETED" }],
        recorded_run_notified: [{ status: "COMPLETED", finished_at: now }, { notified_at: now }],
      },
    },
  },
};

const constraintRows = z.array(z.object({ holder: z.string(), name: z.string() }));

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

/** What the database answers to the row; undefined when it takes it, which is undone. */
async function refusalOf(client: Client, table: string, row: Row): Promise<unknown> {
  const columns = Object.keys(row).map((column) => client.escapeIdentifier(column));
  const values = columns.map((_, index) => `$${index + 1}`);
  await client.query("BEGIN");
  try {
    const into = `INSERT INTO ${client.escapeIdentifier(table)} (${columns.join(", ")}) VALUES (${values.join(", ")})`;
    await client.query(into, Object.values(row));
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await client.query("ROLLBACK");
  }
}

describe.for(Object.entries(DATABASES))("the database %s", ([name, tables]) => {
  async function withDatabase<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const urls = databaseUrls(server.adminUrl, name, "p");
    await prepareDatabase({ adminUrl: server.adminUrl, name, urls });
    return withClient(inDatabase(server.adminUrl, new URL(urls.owner).pathname.slice(1)), async (client) => {
      // References are no checks: what a row refers to is not made here.
      await client.query("SET session_replication_role = replica");
      return work(client);
    });
  }

  test("has an example for each of its checks, and none for another [S19]", async () => {
    const found = await withDatabase(async (client) => {
      const { rows } = await client.query(`
        SELECT relname AS holder, conname AS name FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE contype = 'c' AND connamespace = 'public'::regnamespace`);
      return constraintRows.parse(rows).map((row) => `${row.holder}: ${row.name}`);
    });
    const named = Object.entries(tables).flatMap(([table, { violations }]) =>
      Object.keys(violations).map((constraint) => `${table}: ${constraint}`),
    );
    expect(named.sort()).toEqual(found.sort());
  });

  test("takes a row that is right, and refuses it for each thing that is wrong [S19]", async () => {
    await withDatabase(async (client) => {
      for (const [table, { row, violations }] of Object.entries(tables)) {
        expect(await refusalOf(client, table, row)).toBeUndefined();
        for (const [constraint, wrongs] of Object.entries(violations)) {
          for (const wrong of wrongs) {
            const refusal = await refusalOf(client, table, { ...row, ...wrong });
            expect(refusal, JSON.stringify({ table, ...wrong })).toMatchObject({ code: "23514", constraint });
          }
        }
      }
    });
  });
});
