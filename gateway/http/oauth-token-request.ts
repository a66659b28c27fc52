/** Reads a request for an access token (RFC 6749, sections 2.3.1, 3.2 and 4.4.2). */
import type { ClientCredentials } from "../../platform/auth/token-service.ts";

/** Error codes of RFC 6749, section 5.2. */
export type TokenRequestFault = "invalid_request" | "invalid_client" | "unsupported_grant_type";

export type TokenRequest =
  | { readonly credentials: ClientCredentials; readonly fault?: undefined }
  | { readonly credentials?: undefined; readonly fault: TokenRequestFault };

/** @param form the body; `undefined` for one of another content type */
export function readTokenRequest(authorization: string | undefined, form: string | undefined): TokenRequest {
  const parameters = form === undefined ? undefined : readForm(form);
  if (parameters === undefined) return { fault: "invalid_request" };
  const grantType = parameters.get("grant_type");
  if (grantType === undefined) return { fault: "invalid_request" };
  if (grantType !== "client_credentials") return { fault: "unsupported_grant_type" };
  const id = parameters.get("client_id");
  const secret = parameters.get("client_secret");
  // A client authenticates in one way; its id may stand in the body besides.
  if (authorization !== undefined && secret !== undefined) return { fault: "invalid_request" };
  const client = authorization === undefined ? pairOf(id, secret) : readBasic(authorization);
  if (client === undefined || (id !== undefined && id !== client.clientId)) return { fault: "invalid_client" };
  const scope = parameters.get("scope");
  return { credentials: { ...client, scope: scope === undefined ? undefined : [...new Set(scope.split(" "))] } };
}

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

function pairOf(clientId: string | undefined, clientSecret: string | undefined): Client | undefined {
  return clientId === undefined || clientSecret === undefined ? undefined : { clientId, clientSecret };
}

/** Parameters without a value count as absent. @returns `undefined` where one comes twice */
function readForm(form: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(form)) {
    if (value === "") continue;
    if (parameters.has(name)) return undefined;
    parameters.set(name, value);
  }
  return parameters;
}

/** Id and secret are encoded like parts of a form before they are joined. */
function readBasic(authorization: string): Client | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const joined = Buffer.from(encoded, "base64").toString("utf8");
  const colon = joined.indexOf(":");
  if (colon < 1) return undefined;
  return pairOf(decodePart(joined.slice(0, colon)), decodePart(joined.slice(colon + 1)));
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
