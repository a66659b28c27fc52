// What a crowd of callers is told to do, and what became of it.
import { z } from "zod";

export const callerSchema = z.object({
  token: z.string(),
  organizationId: z.string(),
  accountId: z.string(),
  invoiceId: z.string(),
});
export type Caller = z.infer<typeof callerSchema>;

export const crowdSchema = z.object({
  url: z.string(),
  callers: z.array(callerSchema).min(1),
  /** How long calls begin. */
  seconds: z.number(),
  arrivals: z.discriminatedUnion("kind", [
    /** So many at once; each asks again when it is answered. */
    z.object({ kind: z.literal("closed"), connections: z.int() }),
    /** They wait for nobody's answer. */
    z.object({ kind: z.literal("open"), perSecond: z.number() }),
  ]),
  /** Share of the calls that are commands. */
  writes: z.number(),
  /** A refused command is sent again with its key after as long as it was told, until it is carried out. */
  resend: z.boolean(),
  /** Commands to be sent before new ones: keys with the place of their caller. */
  commands: z.array(z.object({ key: z.string(), caller: z.int() })).default([]),
});
export type Crowd = z.infer<typeof crowdSchema>;

const command = z.object({ key: z.string(), caller: z.int() });

export const crowdFigures = z.object({
  /** Of calls that were answered as asked, by when they were due, in milliseconds. */
  reads: z.array(z.number()),
  writes: z.array(z.number()),
  /** Calls answered as asked, by the second in which they were. */
  perSecond: z.array(z.int()),
  sent: z.int(),
  /** 503 or 429, or their codes beside status 200. */
  refused: z.int(),
  /** Refusals with such a status that did not say when to come back. */
  withoutRetryAfter: z.int(),
  /** Neither answered as asked nor refused. */
  failed: z.int(),
  samples: z.array(z.string()),
  /** Distinct commands by what became of them; of failed ones nobody knows. */
  carriedOut: z.array(command),
  refusedCommands: z.array(command),
  unknownCommands: z.array(command),
  /** Commands that were refused at least once and carried out later. */
  resent: z.int(),
  /** Of a core. */
  cpuShare: z.number(),
  /** How late calls began, p99 in milliseconds. */
  lateMs: z.number().nullable(),
});
export type CrowdFigures = z.infer<typeof crowdFigures>;
