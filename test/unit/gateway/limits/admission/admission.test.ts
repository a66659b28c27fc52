import { expect, test, vi } from "vitest";
import { type AdmissionRequest, createAdmission } from "../../../../../gateway/limits/admission/admission.ts";
import { metricsText } from "../../../../../platform/http/metrics-format.ts";
import { seededRandom } from "../../../../support/seeded-random.ts";

const OPERATION = {};
const request = (tenant: string, asked: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  operationClass: "query",
  tenant,
  caller: `user:${tenant}`,
  operation: OPERATION,
  ...asked,
});
const admissionOf = (most: number, waitMs = 2_000, load = { share: 0 }) => {
  vi.useFakeTimers();
  return createAdmission({ most, waitMs, now: () => Date.now(), random: () => 0, load });
};

/** Asks `count` times. @returns what was let in so far, and how to end one of these */
function ask(admission: ReturnType<typeof createAdmission>, count: number, asked: AdmissionRequest) {
  const running: (() => void)[] = [];
  const refusals: unknown[] = [];
  for (let index = 0; index < count; index += 1) {
    const entered = admission.enter(asked);
    if (entered instanceof Promise) {
      entered.then(
        (leave) => running.push(leave),
        (error: unknown) => refusals.push(error),
      );
    } else running.push(entered);
  }
  return { running, refusals };
}
const turn = () => vi.advanceTimersByTimeAsync(0);

test("while there is room an operation is let in at once, without a promise", () => {
  const admission = admissionOf(64);
  expect(admission.enter(request("one"))).toBeTypeOf("function");
});

test("a tenant that asks for hundreds leaves the others their part", async () => {
  const admission = admissionOf(64);
  const busy = ask(admission, 60, request("busy"));
  expect(busy.running).toHaveLength(16);
  const others = ["one", "two", "three"].map((tenant) => ask(admission, 10, request(tenant)));
  expect(others.map(({ running }) => running.length)).toEqual([10, 10, 10]);
  busy.running[0]?.();
  await turn();
  expect(busy.running).toHaveLength(17);
});

test("a tenant whose line is long goes behind the others: one at once, into their gaps, and once in 250 ms at least", async () => {
  const load = { share: 0.71 };
  const admission = admissionOf(64, 10_000, load);
  const flood = ask(admission, 60, request("flood"));
  load.share = 0.2;
  expect(flood.running).toHaveLength(16);
  const [quiet] = ask(admission, 1, request("quiet")).running;
  for (const leave of flood.running.slice()) leave();
  await turn();
  expect(flood.running).toHaveLength(16);
  quiet?.();
  await turn();
  expect(flood.running).toHaveLength(17);
  const next = ask(admission, 1, request("quiet")).running[0];
  flood.running[16]?.();
  await turn();
  expect(flood.running).toHaveLength(17);
  await vi.advanceTimersByTimeAsync(250);
  next?.();
  ask(admission, 2, request("quiet"));
  await turn();
  expect(flood.running).toHaveLength(18);
});

test("among tenants whose lines are all long nobody yields", async () => {
  const admission = admissionOf(64, 10_000, { share: 1 });
  const floods = ["one", "two", "three", "four"].map((tenant) => ask(admission, 60, request(tenant)));
  expect(floods.map(({ running }) => running.length)).toEqual([16, 16, 16, 16]);
  for (const { running } of floods) running[0]?.();
  await turn();
  expect(floods.map(({ running }) => running.length)).toEqual([17, 17, 17, 17]);
});

test("while the thread is busy a tenant whose line is long pauses between two, the longer the busier", async () => {
  const admission = admissionOf(64, 10_000, { share: 0.75 });
  const flood = ask(admission, 60, request("flood"));
  ask(admission, 1, request("quiet")).running[0]?.();
  for (const leave of flood.running.slice()) leave();
  await turn();
  const before = flood.running.length;
  await vi.advanceTimersByTimeAsync(325);
  expect(flood.running).toHaveLength(before);
  await vi.advanceTimersByTimeAsync(25);
  expect(flood.running).toHaveLength(before + 1);
});

test("when those of a flood who were refused come back, they go behind the others from the first on", async () => {
  const load = { share: 0.75 };
  const admission = admissionOf(64, 200, load);
  const flood = ask(admission, 60, request("flood"));
  ask(admission, 1, request("quiet"));
  for (const leave of flood.running.slice()) leave();
  await vi.advanceTimersByTimeAsync(300);
  for (const leave of flood.running.slice()) leave();
  expect(flood.refusals.length).toBeGreaterThan(30);
  await vi.advanceTimersByTimeAsync(9_000);
  ask(admission, 1, request("quiet"));
  expect(ask(admission, 5, request("flood")).running).toHaveLength(0);
  // Another time they have been away for so long that they are forgiven.
  await vi.advanceTimersByTimeAsync(12_000);
  expect(ask(admission, 5, request("flood")).running).toHaveLength(5);
});

test("commands of one tenant, which wait for each other at one row, hold half of its part", () => {
  const admission = admissionOf(64);
  expect(ask(admission, 40, request("busy", { operationClass: "command" })).running).toHaveLength(8);
  expect(ask(admission, 40, request("busy")).running).toHaveLength(8);
});

test("reports of all tenants together hold a quarter of the places", () => {
  const admission = admissionOf(64);
  const reports = Array.from({ length: 10 }, (_, at) =>
    ask(admission, 4, request(`tenant ${at}`, { operationClass: "report" })),
  );
  expect(reports.flatMap(({ running }) => running)).toHaveLength(16);
  expect(ask(admission, 5, request("another")).running).toHaveLength(5);
});

test("who has no place in time is told when to come back, and that nothing was done", async () => {
  const admission = admissionOf(8, 100);
  const { refusals } = ask(admission, 5, request("busy"));
  await vi.advanceTimersByTimeAsync(200);
  expect(refusals).toMatchObject([
    {
      code: "SERVICE_UNAVAILABLE",
      status: 503,
      retryable: true,
      details: { retryAfterSeconds: 1 },
      message: expect.stringMatching(/nothing was done.*same idempotency key/),
    },
  ]);
});

test("calls are refused before their bodies are read only while others of the caller wait", async () => {
  const admission = admissionOf(8, 100);
  ask(admission, 100, request("busy"));
  await vi.advanceTimersByTimeAsync(200);
  expect(admission.refusedEarly(() => "user:busy")).toBeUndefined();
  ask(admission, 1, request("busy"));
  expect(admission.refusedEarly(() => "user:busy")).toBeGreaterThanOrEqual(1);
  expect(admission.refusedEarly(() => "user:quiet")).toBeUndefined();
});

test("whoever is gone while they wait takes no place", async () => {
  const admission = admissionOf(8);
  const gone = new AbortController();
  const { running } = ask(admission, 4, request("busy"));
  const left = ask(admission, 1, request("busy", { signal: gone.signal }));
  const staying = ask(admission, 1, request("busy"));
  gone.abort(new Error("the caller is gone"));
  running[0]?.();
  await turn();
  expect([left.running.length, staying.running.length]).toEqual([0, 1]);
  expect(left.refusals).toHaveLength(1);
  expect(metricsText(admission.metrics())).toContain(
    'tributary_admission_refused_total{class="query",reason="gone"} 1\n',
  );
});

test("an operation that ends twice gives its place back once", async () => {
  const admission = admissionOf(8);
  const { running } = ask(admission, 10, request("busy"));
  running[0]?.();
  running[0]?.();
  await turn();
  expect(running).toHaveLength(5);
});

test("it counts who was let in, who was refused and why, who waits, how many run and may run", async () => {
  const admission = admissionOf(8, 100);
  const { running } = ask(admission, 144, request("busy", { operationClass: "command" }));
  await vi.advanceTimersByTimeAsync(50);
  running[0]?.();
  await vi.advanceTimersByTimeAsync(200);
  ask(admission, 2, request("busy", { operationClass: "report" }));
  const text = metricsText(admission.metrics());
  for (const line of [
    'tributary_admission_admitted_total{class="command"} 5',
    'tributary_admission_refused_total{class="command",reason="full"} 12',
    'tributary_admission_refused_total{class="command",reason="waited"} 127',
    'tributary_admission_waiting{class="report"} 2',
    "tributary_admission_running 4",
    "tributary_admission_limit 8",
    'tributary_admission_wait_seconds_bucket{le="0"} 4',
    "tributary_admission_wait_seconds_count 5",
  ])
    expect(text).toContain(`${line}\n`);
});

test("twenty quiet tenants beside a flood wait for a turn or two, never for the flood", async () => {
  const admission = admissionOf(64);
  const random = seededRandom(11);
  const waits: number[] = [];
  let floodRuns = 0;
  // An operation takes 10 to 30 ms; the flood asks for one more each millisecond.
  const run = async (asked: AdmissionRequest, note: (waited: number) => void) => {
    const since = Date.now();
    try {
      const leave = await admission.enter(asked);
      note(Date.now() - since);
      setTimeout(leave, 10 + random() * 20);
    } catch {
      note(Number.POSITIVE_INFINITY);
    }
  };
  for (let ms = 0; ms < 2_000; ms += 1) {
    for (let each = 0; each < 3; each += 1) {
      void run(request("flood", { operationClass: "command" }), (waited) => {
        if (waited < Number.POSITIVE_INFINITY) floodRuns += 1;
      });
    }
    if (ms % 50 === 0) {
      const quiet = request(`quiet ${(ms / 50) % 20}`, { operationClass: "command" });
      void run(quiet, (waited) => waits.push(waited));
    }
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  expect(waits).toHaveLength(40);
  expect(Math.max(...waits)).toBe(0);
  // Eight at once, 20 ms each, for two seconds.
  expect(floodRuns).toBeGreaterThan(600);
});
