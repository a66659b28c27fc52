/**
 * Reads settings from environment variables once per process. All problems are reported together, by key;
 * a value is never printed, since it may be a secret.
 */
import type { z } from "zod";
import { AppError } from "../errors/app-error.ts";

/** Environment variables as a process gets them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param schema an object schema whose keys are variable names
 * @throws AppError `CONFIG_INVALID`, its message listing every bad key, what is wrong and what is expected
 */
export function parseConfig<Schema extends z.ZodObject>(schema: Schema, environment: Environment): z.infer<Schema> {
  const given: Record<string, string> = {};
  for (const key of Object.keys(schema.shape)) {
    const value = environment[key];
    // An empty variable means "not set": compose files and shells cannot express the difference well.
    if (value !== undefined && value !== "") given[key] = value;
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const key = String(issue.path[0] ?? "environment");
    const meaning = schema.shape[key]?.description;
    const missing = given[key] === undefined ? "is not set" : issue.message;
    return `  ${key}: ${missing}${meaning === undefined ? "" : ` (${meaning})`}`;
  });
  throw new AppError(
    "CONFIG_INVALID",
    `Bad configuration: fix these environment variables (see .env.example) and start again.\n${lines.join("\n")}`,
  );
}
