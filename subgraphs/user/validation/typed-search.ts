/** Checks of what somebody types into a search. */
import { AppError } from "../../../platform/errors/app-error.ts";
import { constraints } from "../../../schema/constraints.ts";
import { typedWords } from "../domain/search-words.ts";

/** At least one. @throws AppError `BAD_USER_INPUT` for text without a letter or a digit, or too long */
export function requireWords(query: string): readonly string[] {
  const words = typedWords(inBounds(query));
  if (words.length === 0) throw wrong("Search for the beginning of a name or an address.");
  return words;
}

/** @returns no words where nothing was typed. @throws AppError `BAD_USER_INPUT` */
export function optionalWords(query: string | null | undefined): readonly string[] {
  if (query == null || query.trim() === "") return [];
  const words = typedWords(inBounds(query));
  if (words.length === 0) throw wrong("Search for the beginning of a name or a slug.");
  return words;
}

function inBounds(query: string): string {
  const { max } = constraints.search;
  if (query.length > max) throw wrong(`Search for at most ${max} characters.`);
  return query;
}

function wrong(message: string): AppError {
  return new AppError("BAD_USER_INPUT", message, { details: { field: ["query"] } });
}
