// What the client's process is told, and what it answers.
import { z } from "zod";

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
