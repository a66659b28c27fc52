import { SignJWT } from "jose";
import { expect, test } from "vitest";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { createIdentitySigner, createIdentityVerifier } from "../../../../platform/auth/identity-header.ts";
import { namedId } from "../../../support/identities.ts";

const OLD = "o".repeat(32);
const NEW = "n".repeat(32);
const start = new Date("2026-01-01T00:00:00Z");
const clockAt = (date: Date) => ({ now: () => date });
const ORGANIZATION = namedId("org", "one");
const user: Identity = {
  kind: "USER",
  userId: namedId("usr", "ada"),
  sessionId: namedId("ses", "phone"),
  grants: new Map([
    [ORGANIZATION, new Set(["a", "b"])],
    [namedId("org", "two"), new Set(["a", "b"])],
    [namedId("org", "three"), new Set(["a"])],
  ]),
};

test("what is signed is what the subgraph reads [S70]", async () => {
  const token = await createIdentitySigner([NEW], clockAt(start)).sign("billing", user, {
    ip: "10.0.0.1",
    userAgent: "x",
  });
  const signed = await createIdentityVerifier([NEW], "billing", clockAt(start)).verify(token);
  expect(signed).toEqual({ identity: user, client: { ip: "10.0.0.1", userAgent: "x" } });
});

test("a secret rotates without downtime: the old one still verifies [S70]", async () => {
  const token = await createIdentitySigner([OLD], clockAt(start)).sign("user", { kind: "ANONYMOUS" }, {});
  const verifier = createIdentityVerifier([NEW, OLD], "user", clockAt(start));
  expect((await verifier.verify(token)).identity).toEqual({ kind: "ANONYMOUS" });
});

test("another audience, another secret, an expired, a missing and an unsigned header are refused [S70]", async () => {
  const signer = createIdentitySigner([NEW], clockAt(start));
  const token = await signer.sign("billing", user, {});
  const later = new Date(start.getTime() + 61_000);
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${token.split(".")[1]}.`;
  const attempts = [
    () => createIdentityVerifier([NEW], "user", clockAt(start)).verify(token),
    () => createIdentityVerifier([OLD], "billing", clockAt(start)).verify(token),
    () => createIdentityVerifier([NEW], "billing", clockAt(later)).verify(token),
    () => createIdentityVerifier([NEW], "billing", clockAt(start)).verify(undefined),
    () => createIdentityVerifier([NEW], "billing", clockAt(start)).verify(unsigned),
  ];
  for (const attempt of attempts)
    await expect(attempt()).rejects.toMatchObject({ code: "UNAUTHENTICATED", status: 401 });
});

test("a user without a session is no user", async () => {
  const token = await new SignJWT({ kind: "USER", sub: user.userId })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("tributary-gateway")
    .setAudience("user")
    .setExpirationTime("1m")
    .sign(new TextEncoder().encode(NEW));
  const verifier = createIdentityVerifier([NEW], "user", { now: () => new Date() });
  await expect(verifier.verify(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});

test("an audience travels with its permissions and without a person", async () => {
  const audience: Identity = { kind: "AUDIENCE", grants: new Map([[ORGANIZATION, new Set(["a", "b"])]]) };
  const token = await createIdentitySigner([NEW], clockAt(start)).sign("user", audience, {});
  const signed = await createIdentityVerifier([NEW], "user", clockAt(start)).verify(token);
  expect(signed.identity).toEqual(audience);
});
