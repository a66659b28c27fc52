/**
 * The secrets of one endpoint. A new one takes over at once, and the old ones go on signing for a while beside it: so
 * the endpoint's owner changes theirs without a call that cannot be verified. How they are stored is for the owner of
 * the rows, sealed.
 */
import { randomBytes } from "node:crypto";

export interface WebhookSecret {
  /** `whsec_` with random bytes in base64. */
  readonly text: string;
  /** From then on it signs nothing; null: until another one follows it. */
  readonly until: Date | null;
}

const BYTES = 32;

export function newWebhookSecret(): string {
  return `whsec_${randomBytes(BYTES).toString("base64")}`;
}

/**
 * @param text the new secret
 * @param overlapMs how long the old ones go on signing, in milliseconds; 0 where one got into wrong hands
 * @returns those to keep, newest first; secrets whose end had been set keep it where it is sooner
 */
export function rotateSecrets(
  secrets: readonly WebhookSecret[],
  text: string,
  now: Date,
  overlapMs: number,
): WebhookSecret[] {
  const end = new Date(now.getTime() + overlapMs);
  const old = secrets.map(({ text, until }) => ({ text, until: until !== null && until < end ? until : end }));
  return [{ text, until: null }, ...old.filter(({ until }) => until > now)];
}

/** Those that sign, newest first. */
export function liveSecrets(secrets: readonly WebhookSecret[], now: Date): string[] {
  return secrets.filter(({ until }) => until === null || until > now).map(({ text }) => text);
}
