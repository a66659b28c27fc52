import { deviceName } from "../auth/device-name.ts";

/** A live field in words: `billingEvents` → `Billing events`. */
export function fieldTitle(field: string): string {
  const words = field.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const LONGEST_NAME = 40;

/** What a client is called: a browser by its name, a program as it calls itself. */
export function clientTitle(userAgent: string | null | undefined): string {
  if (userAgent == null || userAgent === "") return "Unknown program";
  return userAgent.startsWith("Mozilla/") ? deviceName(userAgent) : userAgent.slice(0, LONGEST_NAME);
}
