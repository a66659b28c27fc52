// The client, in a process of its own: every connection asks again as soon as it has its answer, each time as somebody
// else. Linux.
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { createDurations } from "../durations.ts";
import { createCountingConnection } from "./counting-connection.ts";
import { type Load, type LoadFigures, loadSchema } from "./load-figures.ts";
import { QUERY } from "./supergraph.ts";

/** Of the kernel's clock that processor time is told in. */
const TICK_MS = 10;
/** ASCII. */
const BODY = JSON.stringify({ query: QUERY });
const PAUSE_AFTER_ERROR_MS = 10;

async function run(load: Load): Promise<LoadFigures> {
  const { host } = new URL(load.url);
  let durations = createDurations();
  let errors = 0;
  let answered = 0;
  let callers = 0;
  let stopped = false;

  /** Each question comes from somebody else. */
  function question(): string {
    callers += 1;
    return `POST /graphql HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\nauthorization: Bearer ${process.pid}-${callers}\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
  }

  async function askAgain(): Promise<void> {
    const connection = createCountingConnection(load.url);
    while (!stopped) {
      const begun = performance.now();
      const { status, bytes } = await connection.ask(question());
      answered += 1;
      if (status === 200 && bytes === load.bytes) durations.record(performance.now() - begun);
      else {
        errors += 1;
        // Not at once: a server that is gone is not asked in a tight loop.
        await setTimeout(PAUSE_AFTER_ERROR_MS);
      }
    }
    connection.close();
  }

  const connections = Array.from({ length: load.connections }, askAgain);
  await setTimeout(load.warmUpSeconds * 1_000);

  const asked = async () => Number(await (await fetch(load.askedUrl)).text());
  const before = {
    cpuMs: await cpuMsOf(load.pid),
    asked: await asked(),
    own: process.cpuUsage(),
    at: performance.now(),
  };
  durations = createDurations();
  errors = 0;
  answered = 0;
  const windows: number[] = [];
  // A machine that does much else may answer nothing for a second.
  for (let second = 0; second < load.seconds || answered === 0; second += 1) {
    const [count, since] = [durations.count, performance.now()];
    await setTimeout(1_000);
    windows.push(((durations.count - count) * 1_000) / (performance.now() - since));
  }
  const total = answered;
  const cpuMs = (await cpuMsOf(load.pid)) - before.cpuMs;
  const used = process.cpuUsage(before.own);
  const ownMs = performance.now() - before.at;
  const fetches = (await asked()) - before.asked;
  const [rssMb, peakRssMb] = await memoryOf(load.pid);
  stopped = true;
  await Promise.all(connections);
  return {
    perSecond: windows.toSorted((a, b) => a - b)[Math.floor(windows.length / 2)] ?? Number.NaN,
    p50Ms: durations.percentile(50),
    p95Ms: durations.percentile(95),
    p99Ms: durations.percentile(99),
    cpuMsPerRequest: cpuMs / total,
    rssMb,
    peakRssMb,
    fetchesPerRequest: fetches / total,
    errors,
    clientShare: (used.user + used.system) / 1_000 / ownMs,
  };
}

async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // Behind the program's name, which may hold anything: state is the first field, utime and stime the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function memoryOf(pid: number): Promise<[resident: number, most: number]> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1_024;
  return [megabytes("VmRSS"), megabytes("VmHWM")];
}

const figures = await run(loadSchema.parse(JSON.parse(process.argv[2] ?? "")));
process.stdout.write(`figures ${JSON.stringify(figures)}\n`);
