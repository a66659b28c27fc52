// A real identity provider (OpenID Connect): whoever is sent there signs in at once as the person that the test named.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

export interface ProviderPerson {
  readonly email: string;
  readonly emailVerified?: boolean;
  readonly name?: string;
}

export interface IdentityProviderServer {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** By subject. */
  readonly people: Map<string, ProviderPerson>;
  /** Subject of whoever signs in next. */
  signsInAs: string;
  /** Follows redirects as a browser does. @returns the address, ours, that the browser is sent back to in the end */
  visit(url: string): Promise<URL>;
  stop(): Promise<void>;
}

export interface IdentityProviderOptions {
  readonly redirectUri: string;
  /** Whether claims stand in the ID token already; else userinfo is asked. */
  readonly claimsInIdToken?: boolean;
  readonly authentication?: "client_secret_basic" | "client_secret_post";
}

const TTL_SECONDS = 3_600;

export async function startIdentityProvider({
  redirectUri,
  claimsInIdToken = false,
  authentication = "client_secret_basic",
}: IdentityProviderOptions): Promise<IdentityProviderServer> {
  const clientId = `tributary-${randomBytes(4).toString("hex")}`;
  const clientSecret = randomBytes(24).toString("base64url");
  const people = new Map<string, ProviderPerson>();
  const state = { signsInAs: "" };
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  const server = createServer((request, response) => handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the provider has no port");
  const issuer = `http://127.0.0.1:${address.port}`;
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] },
        ...{
          grant_types: ["authorization_code"],
          response_types: ["code"],
          token_endpoint_auth_method: authentication,
        },
      },
    ],
    clientAuthMethods: [authentication],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: !claimsInIdToken,
    cookies: { keys: [randomBytes(16).toString("hex")] },
    features: { devInteractions: { enabled: false } },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig" }] },
    ttl: {
      AccessToken: TTL_SECONDS,
      Grant: TTL_SECONDS,
      IdToken: TTL_SECONDS,
      Interaction: TTL_SECONDS,
      Session: TTL_SECONDS,
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    async findAccount(_context, id) {
      const person = people.get(id);
      if (person === undefined) return undefined;
      const { email, emailVerified = true, name } = person;
      return { accountId: id, claims: async () => ({ sub: id, email, email_verified: emailVerified, name }) };
    },
  });

  /** Signs in, then agrees to what is asked for. */
  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
    if (prompt.name === "login") {
      await provider.interactionFinished(request, response, { login: { accountId: state.signsInAs } });
      return;
    }
    const found = grantId === undefined ? undefined : await provider.Grant.find(grantId);
    const grant =
      found ?? new provider.Grant({ accountId: session?.accountId ?? "", clientId: String(params["client_id"]) });
    const missing = prompt.details["missingOIDCScope"];
    if (Array.isArray(missing)) grant.addOIDCScope(missing.join(" "));
    await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  }

  const serve = provider.callback();
  handle = (request, response) => {
    if (request.url?.startsWith("/interaction/") !== true) {
      serve(request, response);
      return;
    }
    interact(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  };

  return Object.assign(state, {
    issuer,
    clientId,
    clientSecret,
    people,
    async visit(url: string) {
      const cookies = new Map<string, string>();
      let at = new URL(url);
      for (let hops = 0; hops < 20; hops += 1) {
        if (at.href.startsWith(redirectUri)) return at;
        const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
        const answer = await fetch(at, { redirect: "manual", headers });
        for (const cookie of answer.headers.getSetCookie()) {
          const [pair = ""] = cookie.split(";");
          const equals = pair.indexOf("=");
          cookies.set(pair.slice(0, equals), pair.slice(equals + 1));
        }
        const location = answer.headers.get("location");
        if (location === null) throw new Error(`${at.href} answered ${answer.status}: ${await answer.text()}`);
        await answer.body?.cancel();
        at = new URL(location, at);
      }
      throw new Error("the provider redirects for ever");
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}
