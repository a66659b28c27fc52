/**
 * Checks of input before a request is sent, by the limits that the server checks too. Each gives the message to show,
 * if any.
 */
import { constraints } from "../../../schema/generated/operations.ts";

export type Check = (value: string) => string | undefined;

export const checkDisplayName: Check = (value) => {
  const { min, max } = constraints.displayName;
  return checkLength("Your name", value, min, max);
};

export const checkOrganizationName: Check = (value) => {
  const { min, max } = constraints.organizationName;
  return checkLength("The name", value, min, max);
};

export const checkEmail: Check = (value) => {
  const email = value.trim();
  if (email === "") return "Enter an e-mail address.";
  if (email.length > constraints.email.max) return `An e-mail address has at most ${constraints.email.max} characters.`;
  if (!EMAIL.test(email)) return "Enter an e-mail address such as ada@example.com.";
  return undefined;
};

export const checkNewPassword: Check = (value) => {
  const { min, maxBytes } = constraints.password;
  if ([...value].length < min) return `Use ${min} characters or more.`;
  if (new TextEncoder().encode(value).length > maxBytes) {
    return `Use a shorter password: at most ${maxBytes} bytes, where an accented letter counts two and an emoji four.`;
  }
  if (value.includes("\0")) return "A password cannot contain this character.";
  return undefined;
};

export const checkPresent =
  (what: string): Check =>
  (value) =>
    value === "" ? `Enter ${what}.` : undefined;

// One @, something on both sides, a dot in the domain: the mail itself is the proof.
const EMAIL = /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/u;

function checkLength(what: string, value: string, min: number, max: number): string | undefined {
  // As it is stored.
  const length = [...value.normalize("NFC").replace(/\s+/g, " ").trim()].length;
  if (length === 0) return `${what} is missing.`;
  if (length < min) return `${what} needs at least ${min} characters.`;
  if (length > max) return `${what} has at most ${max} characters.`;
  return undefined;
}
