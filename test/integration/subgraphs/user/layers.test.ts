// One wrong value against each layer alone: whoever passes one by, the next one refuses it.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTextSeal } from "../../../../platform/auth/text-seal.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { UserFailure } from "../../../../platform/errors/user-failure.ts";
import { outboxOf } from "../../../../platform/graphql/subgraph-outbox.ts";
import { newTrace } from "../../../../platform/tracing/trace-context.ts";
import { registerUser } from "../../../../subgraphs/user/commands/accounts/register-user.ts";
import { createPasswordHasher } from "../../../../subgraphs/user/credentials/passwords.ts";
import { openUserDatabase, type UserDatabase } from "../../../../subgraphs/user/store/database.ts";
import { insertUser } from "../../../../subgraphs/user/store/users.ts";
import { checkEmail } from "../../../../web-client/src/forms/validation.ts";
import { ANONYMOUS, startUser, type UserFixture } from "./user-fixture.ts";

const WRONG = `ada ${randomUUID()}.example.com`;

let fixture: UserFixture;
let database: UserDatabase;
beforeAll(async () => {
  fixture = await startUser();
  database = openUserDatabase("user database", fixture.runtime.databaseUrls.app, 2);
  await database.part.start?.();
});
afterAll(async () => {
  await database?.part.stop?.();
  await fixture?.stop();
});

async function stored(): Promise<number> {
  const { rows } = await fixture.admin.query('SELECT FROM "user" WHERE email = $1', [WRONG]);
  return rows.length;
}

test("the client refuses it before anything is sent [S19]", () => {
  expect(checkEmail(WRONG)).toBeDefined();
});

test("past the client, the API refuses it before a resolver runs [S19][S16]", async () => {
  const query = "mutation($input: UserRegisterInput!) { userRegister(input: $input) { accepted userErrors { code } } }";
  const input = { email: WRONG, password: "correct horse battery", displayName: "Ada" };
  const { data, errors } = await fixture.ask(ANONYMOUS, query, { input });
  expect(data).toBeUndefined();
  expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", status: 400, field: ["input", "email"] } }]);
  expect(await stored()).toBe(0);
});

test("past the gateway, a subgraph takes no malformed id for an object, and asks no database of it [S19]", async () => {
  const query = "query($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }";
  const types = ["User", "Organization", "Membership", "Role", "Invitation", "Session"];
  const evils = [
    "a\u0000b",
    "half \ud83d",
    `${fixture.ids.next("usr")}\u0000`,
    "9".repeat(400),
    "",
    5,
    null,
    {},
    undefined,
  ];
  const representations = types.flatMap((__typename) => evils.map((id) => ({ __typename, id })));
  const { data, errors } = await fixture.ask(ANONYMOUS, query, { representations });
  expect(errors).toEqual([]);
  expect(data._entities).toEqual(representations.map(() => null));
});

test("past the API, the command refuses it before a transaction begins [S19]", async () => {
  const { contracts, clock, ids } = fixture.runtime;
  const services = {
    database,
    outbox: outboxOf("user", { contracts, clock, ids }),
    evict: async () => undefined,
    clock,
    ids,
    passwords: createPasswordHasher(4),
    tokenSeal: createTextSeal("test", ["a secret of the test"]),
  };
  const cause = {
    client: {},
    causation: { actorKind: "ANONYMOUS", correlationId: newTrace().traceId, hop: 0 },
  } as const;
  const input = { email: WRONG, password: "correct horse battery", displayName: "Ada" };
  const failure = await registerUser(services, cause, input).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UserFailure);
  expect(failure).toMatchObject({ userErrors: [{ code: "INVALID", field: ["input", "email"] }] });
  expect(await stored()).toBe(0);
});

test("past the command, the database refuses the row [S19]", async () => {
  const row = { id: fixture.ids.next("usr"), displayName: "Ada", locale: null, passwordHash: "x" };
  const cause = { causation: { correlationId: "test" }, now: new Date() };
  const insert = (email: string) => inTenants(database, [row.id], (tx) => insertUser(tx, { ...row, email }, cause));
  await expect(insert(WRONG)).rejects.toThrow(/user_email_form/);
  expect(await stored()).toBe(0);
  // The same row with a right value, or nothing of this is shown.
  expect(await insert(`${randomUUID()}@example.com`)).toBe(true);
});
