/** Kinds of values that several settings have. */
import { z } from "zod";
import { canonicalLanguageTag } from "../validation/language-tag.ts";

export const count = z.coerce.number().int().min(1);
export const milliseconds = z.coerce.number().int().min(1);

export const port = z.coerce.number().int().min(0).max(65535);

/** In its canonical form (BCP 47). */
export const languageTag = z
  .string()
  .transform((text) => canonicalLanguageTag(text))
  .refine((tag) => tag !== undefined, { error: "must be a language tag such as en or pt-BR" });

/** @param schemes without a colon */
export function url(...schemes: readonly string[]) {
  return z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    error: `must be a URL with the scheme ${schemes.join(" or ")}`,
  });
}

export const postgresUrl = url("postgres", "postgresql");

/** Parts between commas, trimmed; empty ones are left out. */
export const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
