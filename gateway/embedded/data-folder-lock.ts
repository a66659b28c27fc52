/**
 * Allows one process per data folder. The lock names its holder by process id and start time. So the lock of a killed
 * process ends with it, even when another program gets its id.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../../platform/errors/app-error.ts";

const holderSchema = z.object({ pid: z.int(), started: z.string() });

export interface DataFolderLock {
  release(): Promise<void>;
}

/** @throws AppError `CONFIG_INVALID` when a living process holds the folder */
export async function lockDataFolder(dataDir: string): Promise<DataFolderLock> {
  const file = join(dataDir, "lock.json");
  const own = JSON.stringify({ pid: process.pid, started: await startOf(process.pid) });
  for (let attempt = 1; ; attempt += 1) {
    try {
      await writeFile(file, own, { flag: "wx", mode: 0o600 });
      return { release: () => rm(file, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST") || attempt === 3) throw error;
    }
    const text = await readFile(file, "utf8").catch(() => "");
    const holder = holderSchema.safeParse(parseJson(text));
    if (holder.success && holder.data.pid !== process.pid && (await startOf(holder.data.pid)) === holder.data.started) {
      throw new AppError(
        "CONFIG_INVALID",
        `${dataDir} is in use by another running platform (process ${holder.data.pid}): stop that one, or set DATA_DIR to another folder.`,
      );
    }
    await rm(file, { force: true });
  }
}

/** When the process started, as the system counts; `alive` where the system does not tell; empty when there is none. */
async function startOf(pid: number): Promise<string> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is alive too.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return "";
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name in parentheses may hold anything; the start time is the 20th field behind it.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "alive";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
