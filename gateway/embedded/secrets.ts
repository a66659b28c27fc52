/** The secrets of an embedded installation: made once, kept beside its data, readable by the owner only. */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../../platform/errors/app-error.ts";

const secretsSchema = z.object({
  identitySecret: z.string().min(32),
  cursorSecret: z.string().min(32),
  databasePassword: z.string().min(16),
});

export type EmbeddedSecrets = z.infer<typeof secretsSchema>;

/**
 * @throws AppError `CONFIG_INVALID` when the file is damaged: new secrets would lock the installation out of its own
 * data
 */
export async function openSecrets(dataDir: string): Promise<EmbeddedSecrets> {
  const file = join(dataDir, "secrets.json");
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) {
    const random = (): string => randomBytes(32).toString("base64url");
    const secrets = { identitySecret: random(), cursorSecret: random(), databasePassword: random() };
    // Written beside and moved: a crash leaves no half of it.
    await writeFile(`${file}.next`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.next`, file);
    return secrets;
  }
  try {
    return secretsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError(
      "CONFIG_INVALID",
      `${file} is damaged: restore it from a backup, or remove ${dataDir} to start with an empty platform.`,
      { cause },
    );
  }
}
