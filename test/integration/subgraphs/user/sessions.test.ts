// Sessions: rotation of refresh tokens, theft, revocation, and what the gateway is told about them.
import { randomUUID } from "node:crypto";
import { createServer as createTcpServer } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createHttpTokenService } from "../../../../platform/auth/http-token-service.ts";
import { createIdentitySigner } from "../../../../platform/auth/identity-header.ts";
import { createServer } from "../../../../platform/http/create-server.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import {
  mintToken,
  parseToken,
  REFRESH_TOKEN,
  successorOf,
} from "../../../../subgraphs/user/credentials/opaque-token.ts";
import { freePort } from "../../../support/ports.ts";
import { ANONYMOUS, type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const refresh = (refreshToken: string) =>
  fixture.mutate(ANONYMOUS, "sessionRefresh", { refreshToken }, "session { id } tokens { accessToken refreshToken }");
const facts = ({ sessionId, userId }: Person) => fixture.subgraph.tokenService.session(sessionId, userId);

test("a refresh token is traded for new ones, and only its hash is stored", async () => {
  const ada = await fixture.person();
  const first = await refresh(ada.refreshToken);
  expect(first.session.id).toBe(ada.sessionId);
  expect(first.tokens.refreshToken).not.toBe(ada.refreshToken);
  const second = await refresh(first.tokens.refreshToken);
  expect(second.tokens).not.toBeNull();
  const { rows } = await fixture.admin.query("SELECT * FROM refresh_token WHERE session_id = $1", [ada.sessionId]);
  expect(JSON.stringify(rows)).not.toContain(ada.refreshToken.slice(4));
});

test("a traded refresh token that comes again after the overlap ends the session for everybody [AU-03]", async () => {
  const ada = await fixture.person();
  const newest = await refresh(ada.refreshToken);
  expect((await refresh(ada.refreshToken)).tokens).not.toBeNull();
  fixture.advance(10_001);
  expect((await refresh(ada.refreshToken)).userErrors[0].code).toBe("EXPIRED");
  expect((await refresh(newest.tokens.refreshToken)).userErrors[0].code).toBe("EXPIRED");
  expect(await facts(ada)).toBeNull();
  const revoked = (await fixture.eventsOf(ada.userId)).filter(({ type }) => type === "user.session.revoked.v1");
  expect(revoked.map(({ data }) => data.reason)).toEqual(["refresh_token_reused"]);
});

test("twenty trades of one refresh token at once bring one and the same successor [AU-03]", async () => {
  const ada = await fixture.person();
  const traded = await Promise.all(Array.from({ length: 20 }, () => refresh(ada.refreshToken)));
  expect(new Set(traded.map(({ tokens }) => tokens.refreshToken)).size).toBe(1);
  const { rows } = await fixture.admin.query(
    "SELECT count(*)::int AS live FROM refresh_token WHERE session_id = $1 AND replaced_at IS NULL",
    [ada.sessionId],
  );
  expect(rows).toEqual([{ live: 1 }]);
  expect((await refresh(traded[0]?.tokens.refreshToken)).tokens).not.toBeNull();
});

test("a copy that is traded after its successor was, within the overlap too, ends the session [AU-03]", async () => {
  const ada = await fixture.person();
  const first = await refresh(ada.refreshToken);
  const second = await refresh(first.tokens.refreshToken);
  expect((await refresh(ada.refreshToken)).userErrors[0].code).toBe("EXPIRED");
  expect((await refresh(second.tokens.refreshToken)).userErrors[0].code).toBe("EXPIRED");
  expect(await facts(ada)).toBeNull();
});

test("who holds a refresh token, and not the key, cannot tell the next one", () => {
  const userId = fixture.ids.next("usr");
  const { token } = mintToken(REFRESH_TOKEN, userId);
  const next = (key: string) => successorOf(REFRESH_TOKEN, userId, token, key);
  expect(next("one key")).toEqual(next("one key"));
  expect(next("one key").hash).not.toBe(next("another key").hash);
  expect(parseToken(REFRESH_TOKEN, next("one key").token)).toEqual({ ownerId: userId, hash: next("one key").hash });
});

test("a malformed or invented refresh token is refused like an expired one", async () => {
  const ada = await fixture.person();
  const invented = `${ada.refreshToken.slice(0, -6)}AAAAAA`;
  for (const token of [invented, "trr_x", ada.accessToken, ""]) {
    expect((await refresh(token)).userErrors[0].code).toBe("EXPIRED");
  }
  expect(await facts(ada)).not.toBeNull();
});

test("a session ends when its user says so, and all of them at once", async () => {
  const ada = await fixture.person();
  const second = await fixture.signIn(ada);
  const revoke = async (who: Person, input: object) =>
    fixture.mutate(await fixture.identityOf(who), "sessionRevoke", input, "revokedIds");
  expect((await revoke(ada, { id: second.sessionId })).revokedIds).toEqual([second.sessionId]);
  expect(await facts(second)).toBeNull();
  expect((await revoke(ada, { id: second.sessionId })).revokedIds).toEqual([]);
  const third = await fixture.signIn(ada);
  expect((await revoke(ada, { all: true })).revokedIds.sort()).toEqual([ada.sessionId, third.sessionId].sort());
  expect((await refresh(ada.refreshToken)).userErrors[0].code).toBe("EXPIRED");
});

test("a foreign session is answered like a missing one [MT-03]", async () => {
  const [ada, eve] = [await fixture.person(), await fixture.person()];
  const identity = await fixture.identityOf(eve);
  const answers = [];
  for (const id of [ada.sessionId, fixture.ids.next("ses")]) {
    answers.push(await fixture.mutate(identity, "sessionRevoke", { id }, "revokedIds"));
  }
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0].userErrors[0].code).toBe("NOT_FOUND");
  expect(await facts(ada)).not.toBeNull();
});

test("an expired session has no facts", async () => {
  const ada = await fixture.person();
  fixture.advance(86_400_001);
  expect(await facts(ada)).toBeNull();
  expect((await refresh(ada.refreshToken)).userErrors[0].code).toBe("EXPIRED");
});

test("an instance that is silent costs a question about a session time, but not its answer", async () => {
  const ada = await fixture.person();
  const server = createServer({ logger: createLogger({ name: "test", level: "silent" }), maxBodyBytes: 10_000 });
  onTestFinished(() => server.close());
  fixture.subgraph.routes?.(server);
  const baseUrl = await server.listen({ host: "127.0.0.1", port: 0 });
  const silent = createTcpServer(() => undefined);
  onTestFinished(() => void silent.close());
  const port = await freePort();
  await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
  const service = createHttpTokenService({
    audience: "user",
    addresses: () => [`http://127.0.0.1:${port}`, baseUrl],
    signer: fixture.signer,
    timeoutMs: 2_000,
  });
  expect(await service.session(ada.sessionId, ada.userId)).toEqual(await facts(ada));
});

test("the token service answers the same over HTTP, from any instance that is there, to signed services only", async () => {
  const ada = await fixture.person();
  const organizationId = await fixture.organization(ada);
  const server = createServer({ logger: createLogger({ name: "test", level: "silent" }), maxBodyBytes: 10_000 });
  fixture.subgraph.routes?.(server);
  const baseUrl = await server.listen({ host: "127.0.0.1", port: 0 });
  try {
    // An instance that is gone costs nobody their session: the next one is asked.
    const gone = `http://127.0.0.1:${await freePort()}`;
    const service = createHttpTokenService({
      audience: "user",
      addresses: () => [gone, baseUrl],
      signer: fixture.signer,
    });
    expect(await service.session(ada.sessionId, ada.userId)).toEqual(await facts(ada));
    expect((await service.session(ada.sessionId, ada.userId))?.grants[organizationId]).toContain("audit.read");
    expect(await service.session(fixture.ids.next("ses"), ada.userId)).toBeNull();
    expect(await service.keys()).toEqual(await fixture.subgraph.tokenService.keys());
    const forged = createIdentitySigner([randomUUID().repeat(2)], fixture.clock);
    await expect(
      createHttpTokenService({ audience: "user", addresses: () => [baseUrl], signer: forged }).session(
        ada.sessionId,
        ada.userId,
      ),
    ).rejects.toThrow();
    const asUser = await fixture.signer.sign("user", await fixture.identityOf(ada), {});
    const answer = await fetch(`${baseUrl}/internal/session`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-tributary-identity": asUser },
      body: JSON.stringify({ sessionId: ada.sessionId, userId: ada.userId }),
    });
    expect(answer.status).toBe(403);
  } finally {
    await server.close();
  }
});
