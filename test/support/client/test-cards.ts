// Tokens of the sandbox provider.
import { randomUUID } from "node:crypto";

/** Of a card of its own: the same card attached twice would be one method, and no second event. */
export const newCardToken = (card = "tok_visa"): string => `${card}-${randomUUID()}`;
