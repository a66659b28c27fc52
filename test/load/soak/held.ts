// What a process holds after a garbage collection, asked from outside (memory-probe.ts).
import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { ProjectProcess } from "../../support/process.ts";
import { waitFor } from "../../support/wait.ts";
import { logEnd } from "../../support/watched-child.ts";

const heldSchema = z.object({
  /** Bytes. */
  heapUsed: z.number(),
  rss: z.number(),
  /** Counted. */
  sockets: z.int(),
  timers: z.int(),
  listeners: z.int(),
});
export type Held = z.infer<typeof heldSchema>;

/** Settings that make processes answer; `{pid}` in the file's name keeps them apart. */
export function heldSettings(files: string): Record<string, string> {
  const probe = fileURLToPath(new URL("memory-probe.ts", import.meta.url));
  return { NODE_OPTIONS: `--import=${probe}`, SOAK_PROBE_FILE: files };
}

/** @throws Error when the process does not answer within half a minute, or has ended: then with the end of its log */
export async function heldBy(asked: ProjectProcess, files: string): Promise<Held> {
  const { pid, logFile } = asked;
  const file = files.replace("{pid}", String(pid));
  await rm(file, { force: true });
  asked.signal("SIGUSR2");
  const written = async () => heldSchema.parse(JSON.parse(await readFile(file, "utf8")));
  let isAnswered = false;
  const ended = asked.exited.then(async ({ code, signal }): Promise<never> => {
    // Thousands have asked by the time at which it ends for good.
    const end = isAnswered ? "" : await logEnd(logFile);
    throw new Error(`process ${pid} ended by itself (${signal ?? `code ${code}`}); ${logFile} ends with:\n${end}`);
  });
  const answered = waitFor(written, { what: `what process ${pid} holds`, deadlineMs: 30_000 });
  try {
    return await Promise.race([answered, ended]);
  } finally {
    isAnswered = true;
  }
}
