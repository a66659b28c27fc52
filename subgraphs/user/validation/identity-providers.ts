/** What inputs say of identity providers and domains. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import { parseMailDomain } from "../../../platform/validation/email-address.ts";

const MAX_ISSUER = 500;
const MAX_CLIENT = 255;
const MAX_SECRET = 1_000;

/** @throws UserFailure `INVALID` for what is no domain that addresses can be in */
export function requireDomain(text: string): string {
  const domain = parseMailDomain(text);
  if (domain === undefined) throw refuse("INVALID", "A domain is like example.com.", "domain");
  return domain;
}

/** @param allowHttp on a developer's machine. @throws UserFailure `INVALID` */
export function requireIssuer(text: string, allowHttp: boolean): string {
  const issuer = text.trim();
  const url = issuer.length <= MAX_ISSUER && URL.canParse(issuer) ? new URL(issuer) : undefined;
  const isAllowed = url?.protocol === "https:" || (allowHttp && url?.protocol === "http:");
  // OpenID Connect Discovery 1.0, section 3.
  if (!isAllowed || url?.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw refuse("INVALID", "An issuer is an https address without a query, like https://login.example.com.", "issuer");
  }
  return issuer;
}

/** @throws UserFailure `BLANK`, `TOO_LONG`, `INVALID` */
export function requireClientId(text: string): string {
  return requirePrintable(text.trim(), { max: MAX_CLIENT, label: "The client id", field: "clientId" });
}

/** @throws UserFailure `BLANK`, `TOO_LONG`, `INVALID` */
export function requireClientSecret(text: string): string {
  return requirePrintable(text, { max: MAX_SECRET, label: "The client secret", field: "clientSecret" });
}

interface Rule {
  readonly max: number;
  readonly label: string;
  readonly field: string;
}

/** RFC 6749, appendix A: both are of visible ASCII characters. */
function requirePrintable(text: string, { max, label, field }: Rule): string {
  if (text === "") throw refuse("BLANK", `${label} is missing.`, field);
  if (text.length > max) throw refuse("TOO_LONG", `${label} has at most ${max} characters.`, field);
  if (!/^[\x20-\x7e]+$/.test(text)) throw refuse("INVALID", `${label} has ASCII characters alone.`, field);
  return text;
}
