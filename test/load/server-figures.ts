// What a load costs the server's process, measured in it (loop-delay-probe.ts) and by the kernel. Linux.
import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { waitFor } from "../support/wait.ts";

const figuresSchema = z.object({
  seconds: z.number(),
  loopDelayP50Ms: z.number(),
  loopDelayP99Ms: z.number(),
  loopDelayMaxMs: z.number(),
  /** Of one core. */
  cpuShare: z.number(),
  collections: z.number(),
  collectionShare: z.number(),
  longestCollectionMs: z.number(),
});

export interface ServerFigures extends z.infer<typeof figuresSchema> {
  /** Resident memory of the server's process at the end and at most, in MB; Postgres apart. */
  readonly rssMb: number;
  readonly peakRssMb: number;
}

export interface ServerProbe {
  begin(): void;
  end(): Promise<ServerFigures>;
}

/** Settings that make the server load the probe; `{pid}` in a file's name keeps several servers apart. */
export function probeSettings(file: string, profileFile: string | undefined): Record<string, string> {
  const probe = fileURLToPath(new URL("loop-delay-probe.ts", import.meta.url));
  return {
    NODE_OPTIONS: `--import=${probe}`,
    LOAD_PROBE_FILE: file,
    ...(profileFile === undefined ? {} : { LOAD_PROFILE_FILE: profileFile }),
  };
}

export function createServerProbe(pid: number, files: string): ServerProbe {
  const file = files.replace("{pid}", String(pid));
  const memory = async (field: string): Promise<number> => {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1_024;
  };
  return {
    begin: () => void process.kill(pid, "SIGUSR2"),
    async end() {
      const [rssMb, peakRssMb] = [await memory("VmRSS"), await memory("VmHWM")];
      process.kill(pid, "SIGUSR2");
      const written = async () => figuresSchema.parse(JSON.parse(await readFile(file, "utf8")));
      const figures = await waitFor(written, { what: "the server's figures", deadlineMs: 30_000 });
      await rm(file);
      return { ...figures, rssMb, peakRssMb };
    },
  };
}
