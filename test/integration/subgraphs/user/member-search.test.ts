// S87: members are found by the beginnings of their names and addresses, over a read model that follows events.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import type { Page } from "../../../../platform/graphql/connection.ts";
import { OrganizationId, UserId } from "../../../../subgraphs/user/domain/ids.ts";
import { beginsWithAll, searchEntry, typedWords } from "../../../../subgraphs/user/domain/search-words.ts";
import { openUserDatabase, type UserDatabase } from "../../../../subgraphs/user/store/database.ts";
import { keyOfFound, pageFoundMembers, replaceSearchEntries } from "../../../../subgraphs/user/store/member-search.ts";
import { randomOfTest } from "../../../support/random-of-test.ts";
import { waitFor } from "../../../support/wait.ts";
import { ANONYMOUS, type Json, type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
let database: UserDatabase;
beforeAll(async () => {
  fixture = await startUser();
  database = openUserDatabase("user database", fixture.runtime.databaseUrls.app, 2);
});
afterAll(async () => {
  await database?.part.stop?.();
  await fixture?.stop();
});

const SEARCH = `query($id: ID!, $query: String!, $first: Int, $after: String, $last: Int, $before: String) {
  organization(id: $id) { memberSearch(query: $query, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { user { displayName } } } pageInfo { hasNextPage endCursor startCursor } totalCount
  } } }`;

async function search(person: Person, id: string, query: string, page: object = { first: 10 }) {
  const { data, errors } = await fixture.ask(await fixture.identityOf(person), SEARCH, { id, query, ...page });
  const found: Json = data?.organization?.memberSearch;
  return { found, errors, names: found?.edges.map(({ node }: Json) => node.user.displayName) as string[] | undefined };
}

const findsExactly = (person: Person, id: string, query: string, names: readonly string[]) =>
  waitFor(async () => JSON.stringify((await search(person, id, query)).names) === JSON.stringify(names), {
    what: `${JSON.stringify(query)} to find ${JSON.stringify(names)}`,
  });

async function named(displayName: string): Promise<Person> {
  const person = await fixture.person();
  const input = { id: person.userId, expectedVersion: 2, displayName };
  await fixture.mutate(await fixture.identityOf(person), "userProfileUpdate", input, "user { id }");
  return person;
}

test("a member is found by any word of the name and the address, and no longer by a former one [S87]", async () => {
  const [owner, ygor] = [await named("Örjan Owner"), await named("Ygor Lovelace")];
  const id = await fixture.organization(owner);
  const membershipId = await fixture.join(owner, id, ygor);
  for (const query of ["yg", "LOVE", "lovelace ygor", ygor.email, ygor.email.slice(0, -1)]) {
    await findsExactly(owner, id, query, ["Ygor Lovelace"]);
  }
  await findsExactly(ygor, id, "orjan ow", ["Örjan Owner"]);
  for (const query of ["velace", "lovelaces", "ygor owner", "example", "%@example"]) {
    expect((await search(owner, id, query)).names, query).toEqual([]);
  }

  const renamed = { id: ygor.userId, expectedVersion: 3, displayName: "Augusta King" };
  await fixture.mutate(await fixture.identityOf(ygor), "userProfileUpdate", renamed, "user { id }");
  await findsExactly(owner, id, "augus", ["Augusta King"]);
  expect((await search(owner, id, "lovelace")).names).toEqual([]);

  await fixture.mutate(await fixture.identityOf(owner), "membershipRemove", { id: membershipId }, "removedId");
  expect((await search(owner, id, "augusta")).names).toEqual([]);
});

test("an erased member leaves no word behind [S87]", async () => {
  const [owner, ada] = [await named("Olga Owner"), await named("Wanda Wiped")];
  const id = await fixture.organization(owner);
  await fixture.join(owner, id, ada);
  await findsExactly(owner, id, "wanda", ["Wanda Wiped"]);
  const input = { id: ada.userId, password: ada.password };
  await fixture.mutate(await fixture.identityOf(ada), "userErase", input, "erased");
  const { rows } = await fixture.admin.query("SELECT term FROM member_search_term WHERE user_id = $1", [ada.userId]);
  expect(rows).toEqual([]);
});

test("pages go both ways, in the order of the words, and find each member once [S87]", async () => {
  const owner = await named("Ian Owner");
  const id = await fixture.organization(owner);
  for (const name of ["Berta Bergmann", "Bernd Aal", "Zoe Bern"]) await fixture.join(owner, id, await named(name));
  const all = ["Zoe Bern", "Bernd Aal", "Berta Bergmann"];
  // By `bergmann`, the first of her two words.
  await findsExactly(owner, id, "ber", ["Berta Bergmann", "Zoe Bern", "Bernd Aal"]);
  await findsExactly(owner, id, "bern", ["Zoe Bern", "Bernd Aal"]);
  const first = await search(owner, id, "ber", { first: 2 });
  expect(first.names).toEqual(["Berta Bergmann", "Zoe Bern"]);
  expect(first.found).toMatchObject({ pageInfo: { hasNextPage: true }, totalCount: null });
  const second = await search(owner, id, "ber", { first: 2, after: first.found.pageInfo.endCursor });
  expect(second.names).toEqual(["Bernd Aal"]);
  expect(second.found.pageInfo.hasNextPage).toBe(false);
  const back = await search(owner, id, "ber", { last: 2, before: second.found.pageInfo.startCursor });
  expect(back.names).toEqual(first.names);
  expect([...(first.names ?? []), ...(second.names ?? [])].sort()).toEqual([...all].sort());
  const foreign = await search(owner, id, "bern", { first: 2, after: first.found.pageInfo.endCursor });
  expect(foreign.errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field: ["after"] } }]);
});

test("nobody searches where they may not read, and what cannot be searched for is refused [S87]", async () => {
  const [owner, stranger] = [await named("Ina Owner"), await named("Ina Stranger")];
  const id = await fixture.organization(owner);
  const others = await fixture.organization(stranger);
  await findsExactly(owner, id, "ina", ["Ina Owner"]);
  await findsExactly(stranger, others, "ina", ["Ina Stranger"]);
  expect((await search(stranger, id, "ina")).errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  const member = await fixture.identityOf(owner);
  const held = { ...member, grants: new Map([[id, new Set(["organization.read"])]]) };
  const refused = await fixture.ask(held as never, SEARCH, { id, query: "ina", first: 1 });
  expect(refused.errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
  for (const query of ["", "  ", "–!", "x".repeat(101)]) {
    const { errors } = await search(owner, id, query);
    expect(errors, query).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field: ["query"] } }]);
  }
  // Row-level security stands behind the policy.
  const outside = await inTenants(database, [UserId.require(stranger.userId)], (tx) =>
    pageFoundMembers(tx, OrganizationId.require(id), ["ina"], forward(10)),
  );
  expect(outside.rows).toEqual([]);
});

const forward = (take: number, key?: string): Page => ({
  ...{ take, direction: "forward", counted: false },
  ...(key === undefined ? {} : { key }),
});

describe("any search among many names", () => {
  const PEOPLE = 300;
  const SEARCHES = 400;
  const SYLLABLES = ["a", "an", "na", "ber", "be", "é", "e", "ß", "lo", "𐐀", "न", "o'", "-", " ", " ", " "];
  test("finds who a look at each of them finds, page by page [S87]", async () => {
    const random = randomOfTest("names");
    const syllable = () => SYLLABLES[random.integer(0, SYLLABLES.length)] ?? "";
    const text = (longest: number) => Array.from({ length: random.integer(1, longest) }, syllable).join("");
    const organizationId = OrganizationId.require(fixture.ids.next("org"));
    const people = Array.from({ length: PEOPLE }, (_, index) => ({
      ...{ id: fixture.ids.next("usr"), membership: fixture.ids.next("mem"), displayName: `${text(9)}x` },
      email: `${index}.na.ber@a${randomUUID()}.example`,
    }));
    await fixture.admin.query(
      `INSERT INTO organization (id, slug, name, status, created_at, updated_at) VALUES ($1, $2, 'Many', 'ACTIVE', now(), now())`,
      [organizationId, `many-${randomUUID().slice(0, 8)}`],
    );
    await fixture.admin.query(
      `INSERT INTO "user" (id, email, display_name, password_hash, status, verification_requested_at, created_at, updated_at)
       SELECT id, email, "displayName", 'none', 'ACTIVE', now(), now(), now()
       FROM json_to_recordset($1::json) AS person (id text, email text, "displayName" text)`,
      [JSON.stringify(people)],
    );
    await fixture.admin.query(
      `INSERT INTO membership (id, organization_id, user_id, founder, joined_at)
       SELECT membership, $2, id, false, now() FROM json_to_recordset($1::json) AS p (id text, membership text)`,
      [JSON.stringify(people), organizationId],
    );
    const entries = new Map(people.map((person) => [UserId.require(person.id), searchEntry(person)]));
    await inTenants(database, [organizationId], (tx) => replaceSearchEntries(tx, entries));

    let [searches, hits] = [0, 0];
    while (searches < SEARCHES) {
      const query = text(4);
      const typed = typedWords(query);
      if (typed.length === 0) continue;
      searches += 1;
      const expected = people
        .filter((person) =>
          beginsWithAll(
            searchEntry(person).terms.map(({ term }) => term),
            typed,
          ),
        )
        .map(({ membership }) => membership);
      const found: string[] = [];
      for (let key: string | undefined; ; ) {
        const { rows } = await inTenants(database, [organizationId], (tx) =>
          pageFoundMembers(tx, organizationId, typed, forward(40, key)),
        );
        found.push(...rows.slice(0, 40).map(({ membershipId }) => membershipId));
        const last = rows.at(39);
        if (rows.length <= 40 || last === undefined) break;
        key = keyOfFound(last);
      }
      expect([...found].sort(), query).toEqual([...expected].sort());
      hits += found.length > 0 ? 1 : 0;
    }
    expect(hits).toBeGreaterThan(SEARCHES / 4);
  });
});

test("organisations of the caller are listed and found by name and slug [S87]", async () => {
  const owner = await fixture.person();
  const suffix = randomUUID().slice(0, 8);
  const ids: string[] = [];
  for (const slug of [`alpha-${suffix}`, `beta-${suffix}`]) ids.push(await fixture.organization(owner, slug));
  const identity = await fixture.identityOf(owner);
  const query = `query($query: String, $first: Int, $after: String) { organizations(query: $query, first: $first, after: $after) {
    edges { node { id slug } } pageInfo { hasNextPage endCursor } totalCount } }`;
  const list = async (variables: object) => {
    const { data, errors } = await fixture.ask(identity, query, { first: 10, ...variables });
    return { ids: data?.organizations?.edges.map(({ node }: Json) => node.id), errors, ...data?.organizations };
  };
  expect(await list({})).toMatchObject({ ids, totalCount: 2 });
  expect(await list({ query: "  " })).toMatchObject({ ids });
  expect(await list({ query: "ALPH" })).toMatchObject({ ids: [ids[0]], totalCount: 1 });
  expect(await list({ query: `beta-${suffix} works` })).toMatchObject({ ids: [ids[1]] });
  expect(await list({ query: "works t gamma" })).toMatchObject({ ids: [] });
  const first = await list({ first: 1 });
  expect(first).toMatchObject({ ids: [ids[0]], pageInfo: { hasNextPage: true } });
  expect(await list({ first: 1, after: first.pageInfo.endCursor })).toMatchObject({ ids: [ids[1]] });
  expect(await list({ query: "–" })).toMatchObject({ errors: [{ extensions: { field: ["query"] } }] });
  const nobody = await fixture.ask(ANONYMOUS, query, { first: 1 });
  expect(nobody.errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
});
