/**
 * E-mail addresses as mail servers take them. RFC 5321 (4.1.2, 4.5.3.1) says what stands ahead of the `@`, RFC 6531
 * lets it be international, RFC 5890 says the same of domains. Left out is what nobody gives as an address of theirs:
 * quoted local parts, comments, and domains that are numbers.
 */
import { domainToASCII, domainToUnicode } from "node:url";

const MAX_OCTETS = 254;
const MAX_LOCAL_OCTETS = 64;
const MAX_DOMAIN_OCTETS = 253;
/** Atoms with single dots between them; what is not ASCII may be any visible character. */
const LOCAL =
  /^(?:[\w!#$%&'*+/=?^`{|}~-]|[^\p{ASCII}\p{C}\p{Z}])+(?:\.(?:[\w!#$%&'*+/=?^`{|}~-]|[^\p{ASCII}\p{C}\p{Z}])+)*$/u;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * @returns the one spelling of a mailbox: trimmed, lower case, NFC, its domain in Unicode; `undefined` for what is no
 * address
 */
export function parseEmailAddress(text: string): string | undefined {
  const address = text.trim().toLowerCase().normalize("NFC");
  const at = address.lastIndexOf("@");
  const local = address.slice(0, Math.max(0, at));
  const domain = asciiDomain(address.slice(at + 1));
  if (domain === undefined || !LOCAL.test(local)) return undefined;
  const octets = Buffer.byteLength(local);
  if (octets > MAX_LOCAL_OCTETS || octets + 1 + domain.length > MAX_OCTETS) return undefined;
  return `${local}@${domainToUnicode(domain).normalize("NFC")}`;
}

/** @returns the one spelling of a domain, as the addresses in it have it; `undefined` for what is no domain */
export function parseMailDomain(text: string): string | undefined {
  const domain = asciiDomain(text.trim().toLowerCase().normalize("NFC"));
  return domain?.includes(".") === true ? domainToUnicode(domain).normalize("NFC") : undefined;
}

/** @param address as `parseEmailAddress` spells it */
export function mailDomainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

function asciiDomain(text: string): string | undefined {
  // What a URL would read as its path, port or user is no part of a name.
  if (!/^[^\s/?#@:[\]\\%]+$/u.test(text)) return undefined;
  const domain = domainToASCII(text);
  const labels = domain.split(".");
  const isName = labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "");
  return isName && domain.length <= MAX_DOMAIN_OCTETS ? domain : undefined;
}
