import { expect, test } from "vitest";
import { JobRunId } from "../../../../platform/jobs/job.ts";
import { afterAttempt, afterChunk } from "../../../../platform/jobs/run-machine.ts";
import { namedId } from "../../../support/identities.ts";

const START = new Date("2026-12-01T02:00:00Z");
const later = (ms: number) => new Date(START.getTime() + ms);
const PACE = { retry: { attempts: 3, baseMs: 100, capMs: 1_000 }, takes: 4 };
const half = () => 0.5;

const RUN = {
  id: JobRunId.require(namedId("job", "run")),
  job: "renewals",
  slot: START,
  status: "RUNNING" as const,
  chunksTotal: 3,
  chunksDone: 0,
  chunksFailed: 0,
  itemsTotal: 25,
  itemsDone: 0,
  itemsFailed: 0,
  causation: { actorKind: "SERVICE" as const, correlationId: "c", hop: 0 },
  startedAt: START,
  toldAt: START,
  finishedAt: null,
  notifiedAt: null,
  version: 1,
};

test("a chunk without anything left is done, also when it was broken off or failed before [S110]", () => {
  const chunk = { attempts: 2, failedAttempts: 1 };
  for (const interrupted of [false, true]) {
    expect(afterAttempt(chunk, { left: 0, interrupted }, PACE)).toMatchObject({ state: "DONE" });
  }
});

test("failures are tried again after a longer pause each time, and are given up at the last attempt [S110]", () => {
  const failing = { left: 1, interrupted: false };
  const first = afterAttempt({ attempts: 1, failedAttempts: 0 }, failing, PACE, half);
  expect(first).toEqual({ state: "WAITING", attempts: 1, failedAttempts: 1, pauseMs: 50 });
  const second = afterAttempt({ attempts: 2, failedAttempts: 1 }, failing, PACE, half);
  expect(second).toEqual({ state: "WAITING", attempts: 2, failedAttempts: 2, pauseMs: 100 });
  const third = afterAttempt({ attempts: 3, failedAttempts: 2 }, failing, PACE, half);
  expect(third).toEqual({ state: "FAILED", attempts: 3, failedAttempts: 3 });
});

test("an attempt that was broken off counts for nothing [S110]", () => {
  const end = afterAttempt({ attempts: 1, failedAttempts: 2 }, { left: 5, interrupted: true }, PACE);
  expect(end).toEqual({ state: "WAITING", attempts: 0, failedAttempts: 2, pauseMs: 100 });
});

test("a chunk that was taken too often is given up: whoever works on it dies of it [S110]", () => {
  const end = afterAttempt({ attempts: 5, failedAttempts: 0 }, { left: 5, interrupted: false }, PACE);
  expect(end).toMatchObject({ state: "FAILED" });
});

test("progress is told once a second at most, and the end always, with all counts [S110]", () => {
  const first = afterChunk(RUN, { done: 10, failed: 0 }, later(400), 1_000);
  expect([first.tell, first.run.chunksDone, first.run.itemsDone, first.run.version]).toEqual([undefined, 1, 10, 2]);
  const second = afterChunk(first.run, { done: 10, failed: 0 }, later(1_000), 1_000);
  expect([second.tell, second.run.toldAt]).toEqual(["PROGRESSED", later(1_000)]);
  const last = afterChunk(second.run, { done: 5, failed: 0 }, later(1_001), 1_000);
  expect([last.tell, last.run.status, last.run.itemsDone]).toEqual(["FINISHED", "COMPLETED", 25]);
  expect([last.run.finishedAt, last.run.notifiedAt]).toEqual([later(1_001), later(1_001)]);
});

test("a run of which something was given up has failed, and only at the end of all chunks [S110]", () => {
  const first = afterChunk(RUN, { done: 9, failed: 1 }, later(1_000), 1_000);
  expect([first.tell, first.run.status, first.run.chunksFailed]).toEqual(["PROGRESSED", "RUNNING", 1]);
  const second = afterChunk(first.run, { done: 10, failed: 0 }, later(1_100), 1_000);
  const last = afterChunk(second.run, { done: 5, failed: 0 }, later(1_200), 1_000);
  expect([last.tell, last.run.status]).toEqual(["FINISHED", "FAILED"]);
  expect([last.run.chunksDone, last.run.chunksFailed, last.run.itemsDone, last.run.itemsFailed]).toEqual([2, 1, 24, 1]);
});
