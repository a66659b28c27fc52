// What a provider says of itself is not believed blindly. A real one is asked in identity-providers.test.ts.
import { describe, expect, test } from "vitest";
import type { PublicFetch } from "../../../../platform/http/public-fetch.ts";
import { createOpenIdProviders } from "../../../../subgraphs/user/providers/open-id-provider.ts";

const ISSUER = "https://login.example.com";
const CLIENT = { issuer: ISSUER, clientId: "tributary", clientSecret: "secret" };
const SECRETS = { state: "s", nonce: "n", codeVerifier: "v".repeat(43) };
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize?tenant=1`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/keys`,
};

const providersWith = (fetch: PublicFetch, allowHttp = false) =>
  createOpenIdProviders({ fetch, redirectUri: "https://app.example.com/sign-in/provider", allowHttp });
const saying = (metadata: object, allowHttp = false) =>
  providersWith(async () => Response.json({ ...METADATA, ...metadata }), allowHttp);
const begin = (metadata: object) => saying(metadata).authorizationUrl(CLIENT, SECRETS, "ada@example.com");

test("somebody is sent to the provider with state, nonce and a challenge", async () => {
  const url = new URL(await begin({}));
  expect(`${url.origin}${url.pathname}`).toBe(`${ISSUER}/authorize`);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    ...{ tenant: "1", client_id: "tributary", response_type: "code", scope: "openid email profile" },
    ...{ redirect_uri: "https://app.example.com/sign-in/provider", state: "s", nonce: "n" },
    ...{ code_challenge: expect.any(String), code_challenge_method: "S256", login_hint: "ada@example.com" },
  });
});

describe("is refused", () => {
  test.each([
    ["an authorization endpoint that a page would run", { authorization_endpoint: "javascript:alert(1)//" }],
    ["one in plain HTTP", { authorization_endpoint: "http://login.example.com/authorize" }],
    ["data in place of an address", { authorization_endpoint: "data:text/html,x" }],
    ["another issuer than the one that was named", { issuer: "https://evil.example.com" }],
    ["no authorization endpoint", { authorization_endpoint: undefined }],
  ])("%s", async (_what, metadata) => {
    await expect(begin(metadata)).rejects.toMatchObject({ name: "ProviderRefused" });
  });

  test.each(["javascript:alert(1)//", "data:text/html,x"])("%s, on a developer's machine, too", async (endpoint) => {
    const loose = saying({ authorization_endpoint: endpoint }, true);
    await expect(loose.authorizationUrl(CLIENT, SECRETS, "ada@example.com")).rejects.toMatchObject({
      name: "ProviderRefused",
    });
  });

  test("what is no discovery document", async () => {
    for (const answer of [new Response("<html>"), Response.json([]), new Response(null, { status: 404 })]) {
      await expect(providersWith(async () => answer).check(CLIENT)).rejects.toMatchObject({ name: "ProviderRefused" });
    }
  });
});

test("a provider that does not answer is told apart from one that answers wrong", async () => {
  const causes = [
    Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
    new DOMException("late", "TimeoutError"),
    new TypeError("fetch failed"),
  ];
  for (const cause of causes) {
    const away = providersWith(async () => {
      throw cause;
    });
    await expect(away.check(CLIENT)).rejects.toMatchObject({ name: "ProviderUnreachable" });
  }
});
