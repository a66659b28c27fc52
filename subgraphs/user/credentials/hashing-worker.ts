/**
 * Computes password hashes in a thread of its own. On Linux a thread has a priority of its own, too: this one comes
 * behind all others, so that whoever is signed in already waits for nobody's password.
 */
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { compareSync, hashSync } from "bcrypt";
import { z } from "zod";

const task = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("hash"), password: z.string(), cost: z.number() }),
  z.object({ kind: z.literal("compare"), password: z.string(), storedHash: z.string() }),
]);

export type HashingTask = Readonly<z.infer<typeof task>>;

const BEHIND_OTHERS = 10;
// Elsewhere it would be the whole process that is put back.
if (process.platform === "linux") setPriority(0, BEHIND_OTHERS);

parentPort?.on("message", (message: unknown) => {
  const asked = task.parse(message);
  const answer =
    asked.kind === "hash" ? hashSync(asked.password, asked.cost) : compareSync(asked.password, asked.storedHash);
  parentPort?.postMessage(answer);
});
