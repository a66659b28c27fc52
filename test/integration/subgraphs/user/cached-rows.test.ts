// Rows kept between requests, in two processes of the subgraph that share a Redis: read after write, failures, tenants.
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { createUserSubgraph, type UserSubgraph } from "../../../../subgraphs/user/index.ts";
import { type RedisServer, startRedis } from "../../../support/services/redis.ts";
import { waitFor, waitWithin } from "../../../support/wait.ts";
import { type Person, startUser, type UserFixture } from "./user-fixture.ts";

let redis: RedisServer;
let fixture: UserFixture;
let second: UserSubgraph;
let ada: Person;
let identity: Identity;
let organizationId: string;

beforeAll(async () => {
  redis = await startRedis();
  fixture = await startUser({ redisUrl: redis.url });
  second = createUserSubgraph(fixture.runtime);
  for (const part of second.parts) await part.start?.();
});
afterAll(async () => {
  for (const part of [...(second?.parts ?? [])].reverse()) await part.stop?.();
  await fixture?.stop();
  await redis?.stop();
});

beforeEach(async () => {
  ada = await fixture.person();
  organizationId = await fixture.organization(ada);
  identity = await fixture.identityOf(ada);
});
afterEach(() => fixture.admin.query("DROP TRIGGER IF EXISTS broken ON outbox; DROP FUNCTION IF EXISTS broken()"));

const ORGANIZATION = "query($id: ID!) { organization(id: $id) { id name version } }";

async function nameAt(subgraph: UserSubgraph): Promise<string> {
  const header = await fixture.signer.sign("user", identity, {});
  const { body } = await subgraph.endpoint.handle(
    { "x-tributary-identity": header },
    { query: ORGANIZATION, variables: { id: organizationId } },
  );
  return JSON.parse(JSON.stringify(body)).data.organization.name;
}

async function rename(name: string, expectedVersion: number) {
  const input = { id: organizationId, expectedVersion, name };
  return fixture.mutate(identity, "organizationUpdate", input, "organization { name version }");
}

/** From now on no command can append its events, so none can commit. */
async function breakCommits(): Promise<void> {
  await fixture.admin.query(`CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is full'; END $$;
    CREATE TRIGGER broken BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION broken()`);
}

test("a command's answer is followed by no older read, whoever reads at the same time, and the other process follows within a second [S34, S36, CA-02]", async () => {
  let reading = true;
  const readers = [fixture.subgraph, second].map(async (subgraph) => {
    while (reading) {
      await nameAt(subgraph);
      // What memory answers takes no turn of the loop, and everything else waits for one.
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  try {
    for (let version = 1; version <= 50; version += 1) {
      const { organization } = await rename(`Name ${version}`, version);
      expect(organization).toEqual({ name: `Name ${version}`, version: version + 1 });
      expect(await nameAt(fixture.subgraph)).toBe(`Name ${version}`);
      const what = "the other process to follow";
      await waitWithin(1_000, async () => (await nameAt(second)) === `Name ${version}`, { what, intervalMs: 1 });
    }
  } finally {
    reading = false;
    await Promise.all(readers);
  }
});

test("a row is read from the database once, and what somebody changed beside the platform shows that it is [S31, S32]", async () => {
  expect(await nameAt(fixture.subgraph)).toBe("Test Works");
  await fixture.admin.query("UPDATE organization SET name = 'Changed by hand' WHERE id = $1", [organizationId]);
  expect(await nameAt(fixture.subgraph)).toBe("Test Works");
  expect(await nameAt(second)).toBe("Test Works");
});

test("an event of a process that shares no cache evicts its row in all [S36]", async () => {
  for (const subgraph of [fixture.subgraph, second]) expect(await nameAt(subgraph)).toBe("Test Works");
  const alone = createUserSubgraph({ ...fixture.runtime, settings: { ...fixture.settings, REDIS_URL: undefined } });
  try {
    const header = await fixture.signer.sign("user", identity, {});
    const query =
      "mutation($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { organization { name } } }";
    const input = { id: organizationId, expectedVersion: 1, name: "Renamed elsewhere" };
    await alone.endpoint.handle({ "x-tributary-identity": header }, { query, variables: { input } });
    for (const subgraph of [fixture.subgraph, second]) {
      await waitFor(async () => (await nameAt(subgraph)) === "Renamed elsewhere", { what: "the event to evict" });
    }
  } finally {
    for (const part of [...alone.parts].reverse()) await part.stop?.();
  }
});

test("a command whose commit fails leaves what was, and a sign-in that fails leaves no session anywhere [S33]", async () => {
  const client = new Redis(redis.url);
  try {
    const sessionsKept = async () => (await client.keys(`*:entry:session:${ada.userId}/*`)).length;
    expect(await sessionsKept()).toBe(1);
    expect(await nameAt(second)).toBe("Test Works");
    await breakCommits();
    await expect(rename("A ghost", 1)).rejects.toThrow();
    await expect(fixture.signIn(ada)).rejects.toThrow();
    for (const subgraph of [fixture.subgraph, second]) expect(await nameAt(subgraph)).toBe("Test Works");
    // What the failed one left is the version it would have had, and no value.
    const kept = await client.keys(`*:entry:session:${ada.userId}/*`);
    const texts = await Promise.all(kept.map((key) => client.zrange(key, "0", "-1")));
    expect(texts.flat().filter((text) => JSON.parse(text).value !== undefined)).toHaveLength(1);
    const { data } = await fixture.ask(identity, "{ viewer { sessions(first: 10) { edges { node { id } } } } }");
    expect(data.viewer.sessions.edges).toEqual([{ node: { id: ada.sessionId } }]);
  } finally {
    client.disconnect();
  }
});

test("a session that was ended is ended in every process's cache [S33, S34]", async () => {
  const query = "query($id: ID!) { node(id: $id) { ... on Session { id revokedAt } } }";
  const { data } = await fixture.ask(identity, query, { id: ada.sessionId });
  expect(data.node.revokedAt).toBeNull();
  await fixture.mutate(identity, "sessionRevoke", { id: ada.sessionId }, "revokedIds");
  const after = await fixture.ask(identity, query, { id: ada.sessionId });
  expect(after.data.node.revokedAt).not.toBeNull();
  expect(await fixture.subgraph.tokenService.session(ada.sessionId, ada.userId)).toBeNull();
  expect(await second.tokenService.session(ada.sessionId, ada.userId)).toBeNull();
});

test("kept rows are given to nobody who may not see them: two tenants, two viewers of different rights, 1,000 times [CA-07]", async () => {
  const eve = await fixture.identityOf(await fixture.person());
  const query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
  const ids = [ada.userId, organizationId, ada.sessionId];
  const seen = async (who: Identity) =>
    (await fixture.ask(who, query, { ids })).data.nodes.map((node: unknown) => node !== null);
  for (let round = 0; round < 20; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => [at % 2, await seen(at % 2 ? identity : eve)]),
    );
    for (const [own, visible] of answers) expect(visible).toEqual(own ? [true, true, true] : [false, false, false]);
  }
});

test("a profile is in Redis for five minutes at most, unless it is changed before [S37]", async () => {
  await fixture.ask(identity, "{ viewer { user { displayName } } }");
  const client = new Redis(redis.url);
  try {
    const ttls = await waitFor(
      async () => {
        const keys = (await client.keys("*")).filter((key) => key.endsWith(`:entry:user:${ada.userId}`));
        return keys.length === 0 ? undefined : Promise.all(keys.map((key) => client.pttl(key)));
      },
      { what: "the profile in Redis" },
    );
    expect(ttls.filter((ttl) => ttl <= 0 || ttl > 300_000)).toEqual([]);
  } finally {
    client.disconnect();
  }
});
