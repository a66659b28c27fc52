// An account moves to another address: its present address agrees, then the new one confirms.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { ANONYMOUS, type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const DAY_MS = 24 * 3_600_000;
const PATH = "/confirm-email-change";
const newAddress = () => `moved-${randomUUID()}@example.com`;
const signIn = (email: string, password: string) =>
  fixture.mutate(ANONYMOUS, "sessionCreate", { email, password }, "session { id }");
const request = async (person: Person, email: string, password = person.password) =>
  fixture.mutate(await fixture.identityOf(person), "emailChangeRequest", { email, password }, "accepted");
const confirm = (token: string) => fixture.mutate(ANONYMOUS, "emailChangeConfirm", { token }, "user { id } changed");
const typesOf = async (userId: string) => (await fixture.eventsOf(userId)).map(({ type }) => type);

/** The link to the new address, which follows the approval. */
async function approved(person: Person, email: string): Promise<string> {
  await request(person, email);
  expect((await confirm(await fixture.tokenFor(person.email, PATH))).changed).toBe(false);
  return fixture.tokenFor(email, PATH);
}

test("an account moves once both addresses agreed; nothing but the address changes, and its history tells [S84]", async () => {
  const ada = await fixture.person();
  const email = newAddress();
  expect(await request(ada, email)).toMatchObject({ accepted: true, userErrors: [] });
  const first = await fixture.tokenFor(ada.email, PATH);
  expect(await fixture.mailbox.list(email)).toEqual([]);
  const answer = await confirm(first);
  expect(answer).toMatchObject({ user: { id: ada.userId }, changed: false, userErrors: [] });
  expect((await confirm(first)).changed).toBe(false);
  expect((await signIn(ada.email, ada.password)).session).not.toBeNull();

  const second = await fixture.tokenFor(email, PATH);
  for (const table of ["email_change", "email_change_token", "email_delivery", "outbox"]) {
    const stored = JSON.stringify((await fixture.admin.query(`SELECT * FROM ${table}`)).rows);
    expect([stored.includes(first), stored.includes(second)]).toEqual([false, false]);
  }
  expect(await confirm(second)).toMatchObject({ user: { id: ada.userId }, changed: true, userErrors: [] });
  // Opened again, both links say how it ended.
  expect([(await confirm(second)).changed, (await confirm(first)).changed]).toEqual([true, true]);
  expect((await signIn(ada.email, ada.password)).session).toBeNull();
  expect((await signIn(email, ada.password)).session).not.toBeNull();
  expect(await fixture.subgraph.tokenService.session(ada.sessionId, ada.userId)).not.toBeNull();

  expect((await typesOf(ada.userId)).filter((type) => type.includes("email_change"))).toEqual([
    "user.email_change_requested.v1",
    "user.email_change_approved.v1",
    "user.email_changed.v1",
  ]);
  const query = "{ viewer { user { email profileEvents(first: 1) { edges { node { type changes } } } } } }";
  const { user } = (await fixture.ask(await fixture.identityOf(ada), query)).data.viewer;
  expect([user.email, user.profileEvents.edges[0].node.type]).toEqual([email, "EMAIL_CHANGED"]);
  expect(user.profileEvents.edges[0].node.changes.email).toEqual({ from: ada.email, to: email });
});

test("only whoever knows the password begins it, and not with the address that is there already", async () => {
  const ada = await fixture.person();
  expect((await request(ada, newAddress(), "a wrong password")).userErrors).toMatchObject([
    { code: "INVALID", field: ["input", "password"] },
  ]);
  expect((await request(ada, ada.email)).userErrors).toMatchObject([{ code: "INVALID", field: ["input", "email"] }]);
  expect(await typesOf(ada.userId)).not.toContain("user.email_change_requested.v1");
});

test("the newest wish counts: links of an earlier one end, and all of them after a day", async () => {
  const ada = await fixture.person();
  const earlier = await approved(ada, newAddress());
  const email = newAddress();
  await request(ada, email);
  expect((await confirm(earlier)).userErrors[0].code).toBe("EXPIRED");
  fixture.advance(DAY_MS + 1);
  expect((await confirm(await fixture.tokenFor(ada.email, PATH))).userErrors[0].code).toBe("EXPIRED");
});

test("an address that has an account is not told to whoever asks: its owner is told instead", async () => {
  const [ada, grace] = [await fixture.person(), await fixture.person()];
  expect(await request(ada, grace.email)).toMatchObject({ accepted: true, userErrors: [] });
  expect((await confirm(await fixture.tokenFor(ada.email, PATH))).changed).toBe(false);
  const isTold = async () =>
    (await fixture.mailbox.list(grace.email)).some(({ subject }) => /has an account already/.test(subject));
  await waitFor(isTold, { what: "the mail to the owner of the address" });
  expect((await signIn(grace.email, grace.password)).session).not.toBeNull();
});

test("of two accounts that want one address at once one gets it, and the other is told", async () => {
  const [ada, grace] = [await fixture.person(), await fixture.person()];
  const email = newAddress();
  const mine = await approved(ada, email);
  await request(grace, email);
  await confirm(await fixture.tokenFor(grace.email, PATH));
  const theirs = await waitFor(
    async () => {
      const tokens = (await fixture.mailbox.list(email)).map(({ text }) => /token=(\S+)/.exec(text)?.[1]);
      return tokens.find((token) => token !== undefined && token !== mine);
    },
    { what: "the second mail to the new address" },
  );
  const answers = await Promise.all([confirm(mine), confirm(theirs)]);
  expect(answers.filter(({ changed }) => changed)).toHaveLength(1);
  expect(answers.flatMap(({ userErrors }) => userErrors)).toMatchObject([{ code: "TAKEN" }]);
});

test("a link for a new password ends with the address that it went to [AU-07]", async () => {
  const ada = await fixture.person();
  const second = await approved(ada, newAddress());
  await fixture.mutate(ANONYMOUS, "passwordResetRequest", { email: ada.email }, "accepted");
  const token = await fixture.tokenFor(ada.email, "/reset-password");
  await confirm(second);
  const reset = await fixture.mutate(
    ANONYMOUS,
    "passwordReset",
    { token, next: "a much better password" },
    "user { id }",
  );
  expect(reset.userErrors[0].code).toBe("EXPIRED");
});
