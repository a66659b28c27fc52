// What the client's process is told, and what it answers.
import { z } from "zod";
import { mergeDurations } from "../durations.ts";

export const loadSchema = z.object({
  /** Origin of the server, and its process. */
  url: z.string(),
  pid: z.int(),
  /** Where the subgraphs say how often they were asked. */
  askedUrl: z.string(),
  connections: z.int(),
  warmUpSeconds: z.number(),
  seconds: z.number(),
  /** Of every right answer. */
  bytes: z.int(),
});
export type Load = z.infer<typeof loadSchema>;

export const figuresSchema = z.object({
  /** The median of windows of a second. */
  perSecond: z.number(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  /** User and system time of the server's process. */
  cpuMsPerRequest: z.number(),
  /** Resident memory at the end and at most, in MB. */
  rssMb: z.number(),
  peakRssMb: z.number(),
  fetchesPerRequest: z.number(),
  errors: z.int(),
  /** The client's own, of one core: near 1, it is what was measured. */
  clientShare: z.number(),
});
export type LoadFigures = z.infer<typeof figuresSchema>;

export const median = (values: readonly number[]): number => mergeDurations([values]).percentile(50);

/** Of several runs: medians, but the most memory and all errors. */
export function summaryOf(runs: readonly LoadFigures[]): LoadFigures {
  const of = (pick: (figures: LoadFigures) => number) => median(runs.map(pick));
  return {
    perSecond: of((run) => run.perSecond),
    p50Ms: of((run) => run.p50Ms),
    p95Ms: of((run) => run.p95Ms),
    p99Ms: of((run) => run.p99Ms),
    cpuMsPerRequest: of((run) => run.cpuMsPerRequest),
    rssMb: of((run) => run.rssMb),
    peakRssMb: Math.max(...runs.map((run) => run.peakRssMb)),
    fetchesPerRequest: of((run) => run.fetchesPerRequest),
    errors: runs.reduce((sum, run) => sum + run.errors, 0),
    clientShare: of((run) => run.clientShare),
  };
}
