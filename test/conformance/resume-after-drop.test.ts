// EV-09 on the running platform, over both event logs: who was away gets what was missed, nothing else and nothing
// twice, however the stream was cut and over whichever transport.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEventStream } from "../support/client/event-stream-client.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import { type Account, attachCard, type Member, newMember, newOrganization } from "../support/client/new-member.ts";
import { followResuming } from "../support/client/resuming-follower.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const MISSED = 30;
/** Cards attached around a kill, while one gateway dies and the next one comes. */
const AROUND_KILL = 20;
const FOLLOW = `subscription($org: ID!, $after: String) {
  billingEvents(organizationId: $org, after: $after) { sequence eventId actor { displayName } event { ... on PaymentMethodAttached { paymentMethod { id } } } }
}`;

interface FollowData {
  readonly billingEvents: {
    readonly sequence: string;
    readonly eventId: string;
    readonly actor: { readonly displayName: string } | null;
    readonly event: { readonly paymentMethod?: { readonly id: string } | null };
  };
}

interface Seen {
  readonly data?: FollowData | null | undefined;
}

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;
  let owner: Member;

  beforeAll(async () => {
    stack = await startStack(topology);
    owner = await newMember(stack);
  });
  afterAll(() => stack?.stop());

  const methodsOf = (answers: readonly Seen[]) =>
    answers.map(({ data }) => data?.billingEvents.event.paymentMethod?.id);

  function streamOf({ organizationId: org }: Account, lastEventId?: string) {
    const { accessToken: token } = owner;
    return openEventStream<FollowData>({
      url: `${stack.url}/graphql`,
      token,
      query: FOLLOW,
      variables: { org },
      lastEventId,
    });
  }

  test(`a reader of an event stream that was away for ${MISSED} events gets exactly those behind its Last-Event-ID, in order, then live ones [EV-09]`, async () => {
    const account = await newOrganization(owner);
    const before = await streamOf(account);
    await attachCard(owner, account);
    await before.waitForCount(1);
    before.drop();
    await waitFor(() => before.ended, { what: "the cut to be noticed" });
    const missed = await attachInTurn(owner, account, MISSED);
    const after = await streamOf(account, before.lastEventId);
    await after.waitForCount(MISSED);
    const live = await attachInTurn(owner, account, 2);
    await after.waitForCount(MISSED + live.length);
    expect(methodsOf(after.answers)).toEqual([...missed, ...live]);
    expectConsecutive([...before.answers, ...after.answers]);
    expect(after.answers.filter(({ errors }) => errors !== undefined)).toEqual([]);
    after.drop();
  });

  test("who changes the transport goes on with the cursor of the other one [EV-09]", async () => {
    const account = await newOrganization(owner);
    const variables = { org: account.organizationId };
    const live = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
    const socket = await live.subscribe<FollowData>(FOLLOW, variables);
    const first = await attachInTurn(owner, account, 2);
    await socket.waitForCount(2);
    live.drop();
    const second = await attachInTurn(owner, account, 5);
    const stream = await streamOf(account, socket.cursor());
    await stream.waitForCount(5);
    stream.drop();
    const third = await attachInTurn(owner, account, 5);
    const again = createLiveClient({ url: stack.socketUrl, token: owner.accessToken });
    const back = await again.subscribe<FollowData>(FOLLOW, { ...variables, after: stream.lastEventId });
    await back.waitForCount(5);
    const all = [...socket.messages, ...stream.answers, ...back.messages];
    expect(methodsOf(all)).toEqual([...first, ...second, ...third]);
    expectConsecutive(all);
    await again.close();
  });

  test("subscribers of a gateway that is killed go on at its successor, over a socket and over an event stream [EV-09]", async () => {
    const account = await newOrganization(owner);
    const follower = await followResuming<FollowData>({
      url: stack.socketUrl,
      token: owner.accessToken,
      query: FOLLOW,
      variables: { org: account.organizationId },
    });
    const before = await streamOf(account);
    const early = await attachInTurn(owner, account, 3);
    await before.waitForCount(3);
    await waitFor(() => follower.messages().length >= 3, { what: "three events" });
    // Commands are under way when it dies: some events are committed and nobody can have been told.
    const underWay = Array.from({ length: AROUND_KILL }, () => attachCard(owner, account).catch(() => undefined));
    await Promise.race(underWay);
    await stack.processOf("gateway").crash();
    const answered = (await Promise.all(underWay)).filter((id) => id !== undefined);
    await waitFor(() => before.ended, { what: "the event stream to break" });
    await stack.processOf("gateway").restart();

    const after = await streamOf(account, before.lastEventId);
    const late = await attachInTurn(owner, account, 1);
    const lastOf = (answers: readonly Seen[]) => methodsOf(answers).at(-1) === late[0];
    await waitFor(() => lastOf(follower.messages()) && lastOf(after.answers), {
      what: "the event behind the kill",
    });
    await follower.stop();
    after.drop();
    expect(follower.streams).toBeGreaterThan(1);
    expect(follower.resync).toBeUndefined();
    for (const answers of [follower.messages(), [...before.answers, ...after.answers]]) {
      expectConsecutive(answers);
      const seen = methodsOf(answers);
      expect(new Set(seen).size).toBe(seen.length);
      // Everything that was acknowledged is there; what was not may be, because its answer was lost.
      for (const id of [...early, ...answered, ...late]) expect(seen).toContain(id);
    }
  });
});

/** Neither a hole nor anything twice. */
function expectConsecutive(answers: readonly Seen[]): void {
  const sequences = answers.map(({ data }) => Number(data?.billingEvents.sequence));
  expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index));
}

async function attachInTurn(owner: Member, account: Account, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await attachCard(owner, account));
  return ids;
}
