// What a program sends to get an access token (RFC 6749, sections 2.3.1, 3.2 and 4.4.2).
import { expect, test } from "vitest";
import { readTokenRequest } from "../../../../gateway/http/oauth-token-request.ts";

const GRANT = "grant_type=client_credentials";
const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;

test("the client stands in the header or in the body, and its scope is a list of names", () => {
  const client = { clientId: "key_1", clientSecret: "trk_a-b_c" };
  expect(readTokenRequest(basic("key_1", "trk_a-b_c"), GRANT)).toEqual({ credentials: { ...client } });
  const inBody = `${GRANT}&client_id=key_1&client_secret=trk_a-b_c&scope=billing.read+audit.read+billing.read`;
  expect(readTokenRequest(undefined, inBody)).toEqual({
    credentials: { ...client, scope: ["billing.read", "audit.read"] },
  });
  expect(readTokenRequest(basic("key_1", "trk_a-b_c"), `${GRANT}&client_id=key_1&scope=`)).toEqual({
    credentials: client,
  });
});

test("id and secret are decoded like parts of a form", () => {
  expect(readTokenRequest(basic("key%3A1", "a+b%25"), GRANT)).toEqual({
    credentials: { clientId: "key:1", clientSecret: "a b%" },
  });
});

test.each([
  ["another content type", undefined, undefined, "invalid_request"],
  ["no grant type", basic("a", "b"), "scope=x", "invalid_request"],
  ["a parameter that comes twice", basic("a", "b"), `${GRANT}&scope=x&scope=y`, "invalid_request"],
  ["a secret in two ways", basic("a", "b"), `${GRANT}&client_id=a&client_secret=b`, "invalid_request"],
  ["another grant type", basic("a", "b"), "grant_type=password", "unsupported_grant_type"],
  ["no client", undefined, GRANT, "invalid_client"],
  ["no secret", undefined, `${GRANT}&client_id=a`, "invalid_client"],
  ["two different clients", basic("a", "b"), `${GRANT}&client_id=c`, "invalid_client"],
  ["another scheme", "Bearer abc", GRANT, "invalid_client"],
  ["no colon", `Basic ${Buffer.from("ab").toString("base64")}`, GRANT, "invalid_client"],
  ["an id that is not encoded", basic("%zz", "b"), GRANT, "invalid_client"],
])("%s is refused", (_fault, authorization, form, fault) => {
  expect(readTokenRequest(authorization, form)).toEqual({ fault });
});
