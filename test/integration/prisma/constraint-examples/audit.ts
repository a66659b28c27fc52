// Of the tables of the audit database.
import { ENDED, RUN, RUN_COUNTS, SHARED } from "./shared.ts";
import { now, type Tables } from "./table.ts";

export const AUDIT: Tables = {
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
};
