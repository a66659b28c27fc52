/**
 * Talks to identity providers (OpenID Connect Core 1.0, with PKCE), by the library openid-client. Whom it cannot reach
 * or believe is told apart: one may be there again later, the other one said something wrong.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  fetchUserInfo,
} from "openid-client";
import { z } from "zod";
import type { PublicFetch } from "../../../platform/http/public-fetch.ts";

/** How we are known at a provider. */
export interface ProviderClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What an attempt to sign in sends along, and finds again in the answer. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** Who somebody is, as a provider says. */
export interface ProviderClaims {
  /** What the provider calls them, for ever. */
  readonly subject: string;
  readonly email: string;
  /** False: the provider says that it never saw that the address is theirs. */
  readonly emailVerified: boolean;
  readonly name: string | undefined;
}

export class ProviderUnreachable extends Error {
  override readonly name = "ProviderUnreachable";
}
class ProviderRefused extends Error {
  override readonly name = "ProviderRefused";
}

export interface OpenIdProviders {
  /** Where they send people back to. */
  readonly redirectUri: string;
  /** Reads what the provider says of itself. @throws ProviderUnreachable, ProviderRefused */
  check(client: ProviderClient): Promise<void>;
  /** Where to send somebody who wants to sign in. @throws ProviderUnreachable, ProviderRefused */
  authorizationUrl(client: ProviderClient, secrets: SignInSecrets, loginHint: string): Promise<string>;
  /**
   * Believes an answer.
   * @param query of the address that the provider sent somebody back to
   * @throws ProviderUnreachable, ProviderRefused
   */
  confirm(client: ProviderClient, secrets: SignInSecrets, query: string): Promise<ProviderClaims>;
}

export interface OpenIdProvidersOptions {
  readonly fetch: PublicFetch;
  /** Where providers send people back to; they know it. */
  readonly redirectUri: string;
  /** Whether providers may speak plain HTTP: on a developer's machine. */
  readonly allowHttp: boolean;
}

const SCOPE = "openid email profile";
const TIMEOUT_SECONDS = 5;

const claimed = z.object({
  email: z.string().max(254),
  email_verified: z.boolean().optional(),
  name: z.string().max(500).optional().catch(undefined),
});

export function createOpenIdProviders({ fetch, redirectUri, allowHttp }: OpenIdProvidersOptions): OpenIdProviders {
  const send: NonNullable<Configuration[typeof customFetch]> = (url, { method, headers, body }) =>
    fetch(url, { method, headers, body: body == null ? null : String(body) });
  const schemes = allowHttp ? ["https:", "http:"] : ["https:"];
  const insecure = allowHttp ? { execute: [allowInsecureRequests] } : {};

  async function open({ issuer, clientId, clientSecret }: ProviderClient): Promise<Configuration> {
    const found = await discovery(new URL(issuer), clientId, undefined, undefined, {
      ...{ [customFetch]: send, timeout: TIMEOUT_SECONDS },
      ...insecure,
    });
    const metadata = found.serverMetadata();
    const methods = metadata.token_endpoint_auth_methods_supported;
    // Basic is what a provider takes that says nothing (OpenID Connect Discovery 1.0, section 3).
    const basic = methods === undefined || methods.includes("client_secret_basic");
    const authentication = basic ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
    const configuration = new Configuration(metadata, clientId, {}, authentication);
    configuration[customFetch] = send;
    configuration.timeout = TIMEOUT_SECONDS;
    if (allowHttp) allowInsecureRequests(configuration);
    return configuration;
  }

  return {
    redirectUri,
    check: (client) => told(async () => void (await open(client))),
    authorizationUrl: (client, { state, nonce, codeVerifier }, loginHint) =>
      told(async () => {
        const parameters = {
          ...{ redirect_uri: redirectUri, scope: SCOPE, state, nonce, login_hint: loginHint },
          ...{ code_challenge: await calculatePKCECodeChallenge(codeVerifier), code_challenge_method: "S256" },
        };
        const url = buildAuthorizationUrl(await open(client), parameters);
        // A page goes where this says: an address of another scheme could run there.
        if (!schemes.includes(url.protocol)) throw new ProviderRefused("its authorization endpoint is no web address");
        return url.href;
      }),
    confirm: (client, { state, nonce, codeVerifier }, query) =>
      told(async () => {
        const configuration = await open(client);
        const answer = new URL(redirectUri);
        answer.search = query;
        const tokens = await authorizationCodeGrant(configuration, answer, {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier, idTokenExpected: true },
        });
        const idToken = tokens.claims();
        if (idToken === undefined) throw new ProviderRefused("there is no ID token");
        const claims =
          idToken["email"] === undefined
            ? await fetchUserInfo(configuration, tokens.access_token, idToken.sub)
            : idToken;
        const { email, email_verified: emailVerified = true, name } = claimed.parse(claims);
        return { subject: idToken.sub, email, emailVerified, name };
      }),
  };
}

async function told<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProviderRefused) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (isUnreachable(error)) throw new ProviderUnreachable(message, { cause: error });
    throw new ProviderRefused(message, { cause: error });
  }
}

/** The network failed, or the provider did: nothing that we sent is at fault. */
function isUnreachable(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === "TimeoutError" || at.name === "AbortError") return true;
    if ("code" in at && typeof at.code === "string" && /^(E[A-Z]+|UND_ERR_[A-Z_]+)$/.test(at.code)) return true;
    if (at instanceof TypeError && at.message === "fetch failed") return true;
    if ("status" in at && typeof at.status === "number" && at.status >= 500) return true;
  }
  return false;
}
