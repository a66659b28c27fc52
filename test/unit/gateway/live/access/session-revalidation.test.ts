// Answers of the token service in every order: what a revocation may have overtaken is asked again, what a refresh
// overtook is dropped.
import { expect, onTestFinished, test } from "vitest";
import { createSessionRevalidation, type SessionEnd } from "../../../../../gateway/live/access/session-revalidation.ts";
import type { Authentication } from "../../../../../gateway/ports.ts";
import { systemClock } from "../../../../../platform/clock.ts";
import { AppError } from "../../../../../platform/errors/app-error.ts";
import { createLogger } from "../../../../../platform/logger/logger.ts";
import { textAsId, userWith } from "../../../../support/identities.ts";

interface Question {
  readonly token: string | undefined;
  answer(found: Authentication): void;
  fail(error: Error): void;
}

const ORG = textAsId("org", "org-1");
const MEMBER = ["orders.read"];

function member(permissions: readonly string[], { user = "u", session = "s", lifetimeMs = 60_000 } = {}) {
  return {
    identity: userWith({ userId: user, sessionId: session, grants: { [ORG]: permissions } }),
    expiresAt: new Date(Date.now() + lifetimeMs),
  };
}

function build() {
  const asked: Question[] = [];
  const ends: SessionEnd[] = [];
  let changes = 0;
  const revalidation = createSessionRevalidation(
    {
      authenticator: {
        authenticate(token) {
          const { promise, resolve, reject } = Promise.withResolvers<Authentication>();
          asked.push({ token, answer: resolve, fail: reject });
          return promise;
        },
        onRevoked: () => () => undefined,
      },
      clock: systemClock,
      logger: createLogger({ name: "session revalidation", level: "silent" }),
    },
    {
      client: {},
      onChange() {
        changes += 1;
      },
      onEnd: (why) => ends.push(why),
    },
  );
  onTestFinished(() => revalidation.dispose());
  const permissions = () => {
    const identity = revalidation.identity();
    return identity.kind === "USER" ? [...(identity.grants.get(ORG) ?? [])] : undefined;
  };
  return {
    revalidation,
    asked,
    ends,
    permissions,
    changes: () => changes,
    async settle(number: number, outcome: Authentication | Error) {
      if (outcome instanceof Error) asked[number]?.fail(outcome);
      else asked[number]?.answer(outcome);
      await new Promise((resolve) => setImmediate(resolve));
    },
    async established(found: Authentication = member(MEMBER)) {
      const established = revalidation.establish("first");
      asked[0]?.answer(found);
      await established;
    },
  };
}

const DEAD = new AppError("UNAUTHENTICATED", "This session has ended.");
const AWAY = new AppError("SERVICE_UNAVAILABLE", "Nobody can tell.");

test("a revocation heard while the first token is looked at is asked about afterwards", async () => {
  const { revalidation, asked, permissions, settle } = build();
  const established = revalidation.establish("first");
  revalidation.revoked({ userId: "u" });
  revalidation.revoked({ userId: "somebody else" });
  await settle(0, member(MEMBER));
  await established;
  expect(asked).toHaveLength(2);
  await settle(1, member([]));
  expect(permissions()).toEqual([]);
  expect(asked).toHaveLength(2);
});

test("a revocation during a check is followed by another check, however many came", async () => {
  const { revalidation, asked, permissions, settle, established } = build();
  await established();
  revalidation.revoked({ userId: "u" });
  for (let count = 0; count < 5; count += 1) revalidation.revoked({ userId: "u" });
  expect(asked).toHaveLength(2);
  await settle(1, member(MEMBER));
  expect(asked).toHaveLength(3);
  await settle(2, member([]));
  expect(permissions()).toEqual([]);
  expect(asked).toHaveLength(3);
});

test("a revocation during a refresh counts at once for the old token and again for the new one", async () => {
  const { revalidation, asked, permissions, settle, established } = build();
  await established();
  const refreshed = revalidation.refresh("second");
  revalidation.revoked({ userId: "u" });
  expect(asked.map(({ token }) => token)).toEqual(["first", "second", "first"]);
  await settle(2, member([]));
  expect(permissions()).toEqual([]);
  await settle(1, member(MEMBER));
  await refreshed;
  expect(asked[3]?.token).toBe("second");
  await settle(3, member([]));
  expect(permissions()).toEqual([]);
});

test("a revocation during two refreshes counts for the one that is answered last", async () => {
  const { revalidation, asked, permissions, settle, established } = build();
  await established();
  const both = [revalidation.refresh("second"), revalidation.refresh("third")];
  revalidation.revoked({ userId: "u" });
  await settle(3, member([]));
  await settle(1, member([]));
  await settle(2, member(MEMBER));
  await Promise.all(both);
  expect(permissions()).toEqual(MEMBER);
  expect(asked.at(-1)?.token).toBe("third");
  await settle(asked.length - 1, member([]));
  expect(permissions()).toEqual([]);
});

test.each([
  ["an answer", member([])],
  ["a refusal", DEAD],
  ["a failure", AWAY],
])("%s about the old token does not count once a refresh came in between", async (_, outcome) => {
  const { revalidation, ends, permissions, settle, established } = build();
  await established();
  revalidation.revoked({ userId: "u" });
  const refreshed = revalidation.refresh("second");
  await settle(2, member(MEMBER));
  await refreshed;
  await settle(1, outcome);
  expect(permissions()).toEqual(MEMBER);
  expect(ends).toEqual([]);
});

test("of two refreshes the one sent later counts, whichever is answered first", async () => {
  const { revalidation, asked, permissions, settle, established } = build();
  await established();
  const later = member(["later"]);
  const both = [revalidation.refresh("second"), revalidation.refresh("third")];
  await settle(2, later);
  await settle(1, member(["earlier"]));
  expect(await Promise.all(both)).toEqual([later.expiresAt, later.expiresAt]);
  expect(permissions()).toEqual(["later"]);
  revalidation.confirm();
  expect(asked[3]?.token).toBe("third");
});

test.each([
  ["another user's", { user: "v" }, "OTHER_USER"],
  ["another session's", { session: "t" }, undefined],
])("%s token is not taken over", async (_, facts, end) => {
  const { revalidation, ends, settle, established } = build();
  await established();
  const refreshed = revalidation.refresh("second");
  const outcome = refreshed.catch((error: unknown) => error);
  await settle(1, member(["theirs"], facts));
  expect(ends).toEqual(end === undefined ? [] : [end]);
  expect(await outcome).toEqual(end === undefined ? expect.objectContaining({ code: "FORBIDDEN" }) : undefined);
});

test("who cannot be confirmed goes on after a mere question, and ends after a revocation", async () => {
  const { revalidation, ends, settle, established } = build();
  await established();
  revalidation.confirm();
  await settle(1, AWAY);
  expect(ends).toEqual([]);
  revalidation.revoked({ userId: "u" });
  await settle(2, AWAY);
  expect(ends).toEqual(["UNCONFIRMED"]);
});

test("the end is said once, and nothing is asked or said after it", async () => {
  const { revalidation, asked, ends, changes, settle, established } = build();
  await established();
  revalidation.revoked({ sessionId: "s" });
  const refreshed = revalidation.refresh("second");
  await settle(1, DEAD);
  await settle(2, member(MEMBER));
  expect(await refreshed).toBeUndefined();
  revalidation.confirm();
  revalidation.revoked({ userId: "u" });
  expect([asked.length, ends, changes()]).toEqual([3, ["SESSION_ENDED"], 0]);
});

test("a token that has expired already establishes nothing, and says why", async () => {
  const { revalidation, ends, settle } = build();
  const established = revalidation.establish("old").catch((error: unknown) => error);
  await settle(0, member(MEMBER, { lifetimeMs: -1 }));
  expect(await established).toMatchObject({ code: "UNAUTHENTICATED" });
  expect(ends).toEqual(["TOKEN_EXPIRED"]);
});
