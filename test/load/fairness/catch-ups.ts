// Those who catch up, in a process of their own.
import { z } from "zod";
import { startProcess } from "../../support/process.ts";

export const catchUpsSchema = z.object({
  socketUrl: z.string(),
  token: z.string(),
  organizationId: z.string(),
  /** Where each begins. */
  cursor: z.string(),
  /** Sequence of the last event that they have missed. */
  until: z.number(),
  /** Of them, at once. */
  count: z.int(),
  seconds: z.number(),
});
export type CatchUps = z.infer<typeof catchUpsSchema>;

const figuresSchema = z.object({
  frames: z.int(),
  /** How often one of them had everything. */
  rounds: z.int(),
  problems: z.array(z.string()),
  /** Of a core. */
  cpuShare: z.number(),
});
export type CatchUpFigures = z.infer<typeof figuresSchema>;

const SETTLE_MS = 30_000;

export async function startCatchUps(task: CatchUps): Promise<{ figures(): Promise<CatchUpFigures> }> {
  const process = await startProcess({
    entry: "test/load/fairness/catch-ups-main.ts",
    entryArguments: [JSON.stringify(task)],
  });
  return {
    async figures() {
      try {
        const [, json = ""] = await process.waitForOutput(/^figures (.*)$/m, task.seconds * 1_000 + SETTLE_MS);
        return figuresSchema.parse(JSON.parse(json));
      } finally {
        await process.stop();
      }
    },
  };
}
