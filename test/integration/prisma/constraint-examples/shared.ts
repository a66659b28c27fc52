// Of the tables that every database holds.
import { later, now, type Table, type Tables } from "./table.ts";

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

export const RUN = {
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

export const RUN_COUNTS = {
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
export const ENDED = { finished_at: now, notified_at: now };

/** What every database holds. */
export const SHARED: Tables = {
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
