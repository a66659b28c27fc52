// A crowd of callers in a process of its own: what it does to its own processor delays nobody else's measurement.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startProcess } from "../../support/process.ts";
import { temporaryFolder } from "../../support/stack/stack.ts";
import type { Tenant } from "../population.ts";
import { type Caller, type Crowd, type CrowdFigures, crowdFigures } from "./crowd-figures.ts";

export interface RunningCrowd {
  /** When all calls were answered. */
  figures(): Promise<CrowdFigures>;
}

/** Answers that are still due when the calls end, resent commands above all. */
const SETTLE_MS = 120_000;

type CrowdTask = Omit<Crowd, "commands"> & Partial<Pick<Crowd, "commands">>;

export async function startCrowd(crowd: CrowdTask): Promise<RunningCrowd> {
  const folder = await temporaryFolder();
  const task = join(folder.path, "crowd.json");
  await writeFile(task, JSON.stringify(crowd));
  const process = await startProcess({ entry: "test/load/crowd/crowd-main.ts", entryArguments: [task] });
  return {
    async figures() {
      try {
        // With its end: a long line comes in pieces.
        const [, json = ""] = await process.waitForOutput(/^figures (.*)\n/m, crowd.seconds * 1_000 + SETTLE_MS);
        return crowdFigures.parse(JSON.parse(json));
      } finally {
        await process.stop();
        await folder.remove();
      }
    },
  };
}

export async function runCrowd(crowd: CrowdTask): Promise<CrowdFigures> {
  return (await startCrowd(crowd)).figures();
}

export const callerOf = ({ member, organizationId, accountId, invoiceId }: Tenant): Caller => ({
  token: member.accessToken,
  organizationId,
  accountId,
  invoiceId,
});
