// Two gateways with all their caches, two tenants, writes and reads at random: whoever is shown an event on a gateway,
// or wrote through it, reads nothing older there afterwards, and nobody reads what is another tenant's.
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createGraphQLClient } from "../../../support/client/graphql-client.ts";
import { inviteMember } from "../../../support/client/invitee.ts";
import { createLiveClient } from "../../../support/client/live-client.ts";
import {
  type Member,
  NEW_ORGANIZATION_VERSION,
  newMember,
  newOrganization,
} from "../../../support/client/new-member.ts";
import { randomOfTest } from "../../../support/random-of-test.ts";
import type { Stack } from "../../../support/stack/stack.ts";
import { startStack } from "../../../support/stack/start-stack.ts";
import { waitFor, waitWithin } from "../../../support/wait.ts";
import { sizeOf } from "../../../tiers.ts";

const QUERY = "query($id: ID!) { organization(id: $id) { id name version } }";
const WRITES = sizeOf("coherenceWrites");
const READERS = 4;
const READS_BETWEEN = 12;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack("distributed", { gateways: 2, settings: { RATE_LIMIT_POINTS: "1000000" } });
});

afterAll(() => stack.stop());

const answerSchema = z.object({
  data: z.object({ organization: z.object({ id: z.string(), name: z.string(), version: z.number() }) }),
});

test(
  "nobody reads what is older than an event that they were shown, or than what they wrote, nor another tenant's [CA-02, CA-07]",
  async () => {
    const tenants = await Promise.all(["Red", "Blue"].map(tenantOf));
    const found = { reads: 0, kept: 0 };

    await Promise.all(
      tenants.map(async ({ owner, organizationId, name, shown }) => {
        const written = { version: NEW_ORGANIZATION_VERSION, over: false };

        /** The version that it showed. */
        async function read(gateway: number): Promise<number> {
          const { text, kept } = await look(gateway, owner, organizationId);
          const { organization } = answerSchema.parse(JSON.parse(text)).data;
          expect(organization.id).toBe(organizationId);
          expect(organization.name).toMatch(new RegExp(`^${name}\\b`));
          found.reads += 1;
          if (kept) found.kept += 1;
          return organization.version;
        }

        async function write(gateway: number): Promise<void> {
          const client = createGraphQLClient(`${gatewayUrl(gateway)}/graphql`, owner.accessToken);
          const input = { id: organizationId, expectedVersion: written.version, name: `${name} ${written.version}` };
          await client.mutate("organizationUpdate", input, "organization { version }");
          written.version += 1;
          expect(await read(gateway)).toBe(written.version);
        }

        async function keepReading(reader: number): Promise<void> {
          const random = randomOfTest(`${name} reader ${reader}`);
          while (!written.over) {
            const gateway = random.integer(0, 2);
            const least = shown[gateway]?.() ?? 0;
            expect(await read(gateway)).toBeGreaterThanOrEqual(least);
            await turn();
          }
        }

        const readers = Array.from({ length: READERS }, (_, reader) => keepReading(reader));
        const random = randomOfTest(`${name} writer`);
        for (let index = 0; index < WRITES; index += 1) {
          await write(random.integer(0, 2));
          const until = found.reads + random.integer(0, READS_BETWEEN);
          await waitFor(async () => found.reads >= until, { what: "reads between two writes" });
        }
        for (const gateway of [0, 1]) {
          await waitWithin(5_000, async () => (await read(gateway)) === written.version, {
            what: `the last write on gateway ${gateway}`,
          });
        }
        written.over = true;
        await Promise.all(readers);
      }),
    );
    // It was a cache that was tested.
    expect(found.kept).toBeGreaterThan(0);
    await Promise.all(tenants.map(({ stop }) => stop()));
  },
  100_000 + WRITES * 500,
);

interface Look {
  readonly status: number;
  readonly kept: boolean;
  readonly text: string;
}

async function look(gateway: number, { accessToken }: Member, organizationId: string): Promise<Look> {
  const response = await fetch(`${gatewayUrl(gateway)}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ query: QUERY, variables: { id: organizationId } }),
  });
  const { status, headers } = response;
  return { status, kept: headers.get("x-cache") === "HIT", text: await response.text() };
}

/** What happened before evicts once more a while later: an answer that was kept may have to be asked for again. */
async function untilKept(gateway: number, member: Member, organizationId: string): Promise<void> {
  const kept = async () => {
    const seen = await look(gateway, member, organizationId);
    return seen.status === 200 && seen.kept;
  };
  await waitFor(kept, { what: `an answer that gateway ${gateway} keeps` });
}

async function twice(gateway: number, member: Member, organizationId: string): Promise<Look> {
  await look(gateway, member, organizationId);
  return look(gateway, member, organizationId);
}

test("what was kept for a member is not shown to them once they were removed, nor to anybody else [CA-07]", async () => {
  const [owner, friend, stranger] = await Promise.all([newMember(stack), newMember(stack), newMember(stack)]);
  const account = await newOrganization(owner, "Green");
  const { organizationId } = account;
  const membershipId = await inviteMember(stack, owner, account, friend, "MEMBER");
  for (const gateway of [0, 1]) {
    await waitFor(async () => (await twice(gateway, friend, organizationId)).text.includes("Green"), {
      what: `the membership on gateway ${gateway}`,
    });
    await untilKept(gateway, friend, organizationId);
    expect((await look(gateway, stranger, organizationId)).text).not.toContain("Green");
  }
  await owner.client.mutate("membershipRemove", { id: membershipId }, "removedId");
  for (const gateway of [0, 1]) {
    await waitWithin(2_000, async () => !(await look(gateway, friend, organizationId)).text.includes("Green"), {
      what: `the removal on gateway ${gateway}`,
    });
    expect((await twice(gateway, owner, organizationId)).text).toContain("Green");
  }
});

test("a session that was ended is shown nothing that was kept for it", async () => {
  const owner = await newMember(stack);
  const { organizationId } = await newOrganization(owner);
  await untilKept(0, owner, organizationId);
  await owner.client.mutate("sessionRevoke", { id: owner.sessionId }, "revokedIds");
  expect(await look(0, owner, organizationId)).toMatchObject({ status: 401, kept: false });
});

function gatewayUrl(gateway: number): string {
  return stack.gateways[gateway]?.url ?? "";
}

/** An organisation with its owner, who is shown its events on both gateways. */
async function tenantOf(name: string) {
  const owner: Member = await newMember(stack, `${name} Owner`);
  const { organizationId } = await newOrganization(owner, name);
  const followed = await Promise.all(
    stack.gateways.map(async ({ url }) => {
      const client = createLiveClient({ url: `${url.replace("http", "ws")}/graphql`, token: owner.accessToken });
      const stream = await client.subscribe(
        `subscription($id: ID!) { identityEvents(organizationId: $id, types: ["user.organization.updated.v1"]) { type } }`,
        { id: organizationId },
      );
      return { client, version: () => 1 + stream.messages.length };
    }),
  );
  return {
    owner,
    organizationId,
    name,
    /** The version that the latest event on a gateway told of. */
    shown: followed.map(({ version }) => version),
    stop: () => Promise.all(followed.map(({ client }) => client.close())),
  };
}
