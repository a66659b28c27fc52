/** Addresses that a webhook may be sent to, as somebody registers them. The connection looks again, by its own name. */
import { refuse } from "../errors/user-failure.ts";
import { NotPublic, requirePublicUrl } from "../http/public-address.ts";

const MAX_LENGTH = 2_000;
/** Names that lead to the machine that asks, or to its neighbours: RFC 6761, RFC 6762, RFC 8375, ICANN. */
const LOCAL = /(?:^|\.)(?:localhost|localdomain|local|internal|home\.arpa)$/;

export interface WebhookUrlRules {
  /** Whether private addresses will do, too, and plain HTTP: on a developer's machine. */
  readonly allowPrivate?: boolean;
}

/**
 * Reads the address of an endpoint. Nothing is looked up and nobody is connected to.
 * @returns the address as it is used
 * @throws UserFailure `INVALID` at the field `url`
 */
export function requireWebhookUrl(text: string, { allowPrivate = false }: WebhookUrlRules = {}): string {
  if (text.length > MAX_LENGTH) throw invalid(`The address has more than ${MAX_LENGTH} characters.`);
  if (!URL.canParse(text)) throw invalid("This is no address such as https://example.com/hook.");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") {
    throw invalid("The address holds a name or a password: calls are signed instead.");
  }
  if (allowPrivate) {
    if (url.protocol !== "https:" && url.protocol !== "http:") throw invalid("The address must begin with https://.");
    return url.href;
  }
  requirePublicHost(url);
  return url.href;
}

function requirePublicHost(url: URL): void {
  if (url.protocol !== "https:") throw invalid("The address must begin with https://.");
  try {
    requirePublicUrl(url);
  } catch (error) {
    if (error instanceof NotPublic) throw invalid("The address must be reachable from the internet.");
    throw error;
  }
  // A root dot changes nothing about where a name leads.
  const name = url.hostname.replace(/\.+$/, "");
  const isName = !url.hostname.startsWith("[");
  if (isName && (!name.includes(".") || LOCAL.test(name))) {
    throw invalid("The address must be reachable from the internet.");
  }
}

function invalid(message: string) {
  return refuse("INVALID", message, "url");
}
