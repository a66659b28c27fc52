/**
 * Refuses commands that bring the number of a bank card, in whatever argument: it would be stored, published and
 * recorded for good. Looked at before the command, in one place, so that an argument added tomorrow is covered.
 */
import type { GraphQLSchema } from "graphql";
import { AppError } from "../errors/app-error.ts";
import { holdsCardNumber } from "../validation/text/card-number.ts";

/** What is never stored as it is; and a password may be a number, as long as it likes. */
const SECRETS = new Set(["password", "current", "next", "token", "refreshToken", "secret", "code", "providerToken"]);

/** Wraps the resolvers of the schema's mutations. They throw AppError `BAD_USER_INPUT`, with the field. */
export function refuseCardNumbers(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve } = field;
    if (resolve === undefined) continue;
    field.resolve = (source, args, context, info) => {
      requireNoCardNumber(args);
      return resolve(source, args, context, info);
    };
  }
}

/** @throws AppError `BAD_USER_INPUT`, with the field, for a value that brings one */
export function requireNoCardNumber(value: unknown): void {
  const place = cardNumberIn(value);
  if (place !== undefined) throw refusal(place);
}

type Place = readonly string[];

/** @returns where the first one stands */
function cardNumberIn(args: unknown): Place | undefined {
  // A stack of its own: a value may be nested deeper than functions can call each other.
  const waiting: { readonly value: unknown; readonly place: Place }[] = [{ value: args, place: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, place } = next;
    if (typeof value === "object" && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        if (!SECRETS.has(name)) waiting.push({ value: member, place: [...place, name] });
        // JSON may have it as a name, too.
        if (holdsCardNumber(name)) return place;
      }
    } else if (isText(value) && holdsCardNumber(String(value))) return place;
  }
  return undefined;
}

const isText = (value: unknown): value is string | number | bigint =>
  typeof value === "string" || typeof value === "number" || typeof value === "bigint";

function refusal(place: Place): AppError {
  const where = place.length === 0 ? "The input" : place.join(".");
  const message = `${where} holds what looks like a card number. Never send one: it belongs into the form of whoever takes it.`;
  return new AppError("BAD_USER_INPUT", message, { details: { field: place } });
}
