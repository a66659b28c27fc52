// What leaves a running platform has the shapes of test/fixtures: answers of the API, and events on their way to the
// log.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type EventContracts, loadEventContracts } from "../../platform/events/contracts.ts";
import { inviteMember, roleIds } from "../support/client/invitee.ts";
import {
  type Account,
  attachCard,
  type Member,
  newMember,
  newOrganization,
  startPlan,
} from "../support/client/new-member.ts";
import { eventFixtures } from "../support/event-fixtures.ts";
import { type Kinds, kindsOf } from "../support/kinds.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const ANSWERS = join(import.meta.dirname, "../fixtures/answers");

let stack: Stack;
let owner: Member;
let account: Account;

beforeAll(async () => {
  stack = await startStack("embedded");
  owner = await newMember(stack);
  account = await newOrganization(owner);
  await attachCard(owner, account);
  await startPlan(owner, account);
});
afterAll(() => stack?.stop());

const questions = readdirSync(ANSWERS)
  .filter((file) => file.endsWith(".graphql"))
  .map((file) => file.slice(0, -".graphql".length));

test.each(questions)("the answer %s has the members and kinds of its fixture [S23]", async (name) => {
  const query = readFileSync(join(ANSWERS, `${name}.graphql`), "utf8");
  const expected: unknown = JSON.parse(readFileSync(join(ANSWERS, `${name}.json`), "utf8"));
  const variables = query.includes("$organizationId") ? { organizationId: account.organizationId } : {};
  let seen: unknown;
  const look = async () => {
    const { data, errors } = await owner.client.send(query, variables);
    seen = kindsOf({ data, ...(errors === undefined ? {} : { errors }) });
    return isDeepStrictEqual(seen, expected);
  };
  // The account and the trail follow their events. What has not come by then is told by the comparison.
  await waitFor(look, { what: `an answer like ${name}.json`, deadlineMs: 10_000 }).catch(() => undefined);
  expect(seen).toEqual(expected);
});

const outboxRows = z.array(z.object({ envelope: z.string() }));

async function publishedTexts(): Promise<string[]> {
  const texts: string[] = [];
  for (const url of stack.subgraphs.map((name) => stack.databaseOf(name))) {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query("SELECT envelope FROM outbox");
      texts.push(...outboxRows.parse(rows).map(({ envelope }) => envelope));
    } finally {
      await client.end();
    }
  }
  return texts;
}

/**
 * Whose kind depends on who acts, a user or a service, on whose stream it is, an organisation's or a user's, and on
 * what a mail is about.
 */
const OF_SEVERAL_KINDS = ["event.actorid", "event.data.actorId", "event.partitionkey", "event.data.regardingId"];

/**
 * Where an event is of another kind than the sample of its type. What is null or absent in one of them is no
 * difference.
 */
function differences(sample: Kinds | undefined, seen: Kinds | undefined, path = "event"): string[] {
  if (sample === undefined || seen === undefined || sample === "null" || seen === "null") return [];
  if (typeof sample === "string" || typeof seen === "string") {
    return sample === seen || OF_SEVERAL_KINDS.includes(path) ? [] : [`${path}: ${JSON.stringify(seen)}`];
  }
  const [before, now] = [new Map(Object.entries(sample)), new Map(Object.entries(seen))];
  return [...now.keys()].flatMap((name) => differences(before.get(name), now.get(name), `${path}.${name}`));
}

test("events of a running platform are read and written back byte for byte, and look like their samples [S23]", async () => {
  const guest = await newMember(stack);
  const membershipId = await inviteMember(stack, owner, account, guest, "MEMBER");
  await owner.client.mutate(
    "membershipUpdate",
    { id: membershipId, roleIds: await roleIds(owner, account, "OWNER") },
    "membership { id }",
  );
  await owner.client.mutate("membershipRemove", { id: membershipId }, "removedId");
  await guest.client.mutate("sessionRevoke", {}, "revokedIds");
  const contracts: EventContracts = await loadEventContracts(join(import.meta.dirname, "../../schema/events"));
  const samples = new Map(eventFixtures.map(({ type, text }) => [type, kindsOf(JSON.parse(text))]));
  const texts = await publishedTexts();
  const seen = new Set<string>();
  for (const text of texts) {
    const decoded = contracts.decodeEvent(text);
    if (!decoded.ok) throw new Error(decoded.problem);
    const { event } = decoded;
    expect(contracts.encodeEvent(event)).toBe(text);
    expect(differences(samples.get(event.type), kindsOf(JSON.parse(text))), event.type).toEqual([]);
    seen.add(event.type);
  }
  expect([...seen]).toEqual(expect.arrayContaining(["user.membership.removed.v1", "billing.invoice.paid.v1"]));
  expect(seen.size).toBeGreaterThan(15);
});
