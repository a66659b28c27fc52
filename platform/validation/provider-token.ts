/** Tokens that the form of an outside provider gives out, such as for a card. */
import { refuse } from "../errors/user-failure.ts";

/** Purpose of the seal under which they travel from one subgraph to another: never in the clear. */
export const PROVIDER_TOKENS = "provider tokens";

const TOKEN = /^[A-Za-z0-9_-]{1,200}$/;
/** 12 to 19 digits, however they are grouped: ISO/IEC 7812. */
const CARD_NUMBER = /^\D*(?:\d[\s._-]*){12,19}$/;

/** @throws UserFailure `INVALID` for a card number, which must never come here, and for what is no token */
export function requireProviderToken(token: string): void {
  if (CARD_NUMBER.test(token)) {
    throw refuse("INVALID", "Never send a card number: send the token of the provider's form.", "providerToken");
  }
  if (!TOKEN.test(token)) throw refuse("INVALID", "This is not a token of the provider.", "providerToken");
}
