// Subscribers that are cut off again and again, and must have every event all the same.
import { setTimeout } from "node:timers/promises";
import { attachSurely } from "../../support/client/keyed-commands.ts";
import { followResuming, type ResumingFollower } from "../../support/client/resuming-follower.ts";
import { waitFor } from "../../support/wait.ts";
import type { Tenant } from "../population.ts";

interface FollowData {
  readonly billingEvents: {
    readonly sequence: string;
    readonly event: { readonly paymentMethod?: { readonly id: string } | null };
  };
}

export interface FollowerFigures {
  readonly events: number;
  /** How often one of them came back. */
  readonly resumed: number;
  /** Missed, repeated or out of order; told to start anew; the last event never came. */
  readonly problems: readonly string[];
}

export interface Followers {
  /** After one event more for each, which proves that nothing comes behind it. */
  finish(): Promise<FollowerFigures>;
}

const FOLLOW = `subscription($org: ID!, $after: String) {
  billingEvents(organizationId: $org, after: $after) {
    sequence event { ... on PaymentMethodAttached { paymentMethod { id } } } } }`;
const DROP_EVERY_MS = 2_000;
const LAST_EVENT_MS = 60_000;

export async function startFollowers(
  socketUrl: string,
  tenants: readonly Tenant[],
  random: () => number,
): Promise<Followers> {
  const followers = await Promise.all(
    tenants.map(async (tenant) => {
      const { member, organizationId: org } = tenant;
      const options = { url: socketUrl, token: member.accessToken, query: FOLLOW, variables: { org } };
      return { tenant, follower: await followResuming<FollowData>(options) };
    }),
  );
  const abort = new AbortController();
  const dropping = (async () => {
    while (!abort.signal.aborted) {
      await setTimeout(DROP_EVERY_MS, undefined, { signal: abort.signal }).catch(() => undefined);
      followers[Math.floor(random() * followers.length)]?.follower.drop();
    }
  })();
  return {
    async finish() {
      abort.abort();
      await dropping;
      const problems = await Promise.all(
        followers.map(async ({ tenant, follower }) => {
          const last = await attachSurely(tenant.member, tenant);
          const hasLast = () => lastCard(follower) === last;
          const came = await waitFor(hasLast, { what: "the last event", deadlineMs: LAST_EVENT_MS }).catch(() => false);
          await follower.stop();
          return [...(came ? [] : ["the last event never came"]), ...problemsOf(follower)].map(
            (problem) => `${tenant.organizationId}: ${problem}`,
          );
        }),
      );
      return {
        events: followers.reduce((sum, { follower }) => sum + follower.messages().length, 0),
        resumed: followers.reduce((sum, { follower }) => sum + follower.streams - 1, 0),
        problems: problems.flat(),
      };
    },
  };
}

const lastCard = (follower: ResumingFollower<FollowData>) =>
  follower.messages().at(-1)?.data?.billingEvents.event.paymentMethod?.id;

function problemsOf(follower: ResumingFollower<FollowData>): string[] {
  const messages = follower.messages();
  const sequences = messages.map(({ data }) => Number(data?.billingEvents.sequence));
  const breaks = sequences.flatMap((sequence, index) => {
    const before = sequences[index - 1];
    return before === undefined || sequence === before + 1 ? [] : [`${sequence} came after ${before}`];
  });
  const errors = messages.filter((message) => message.errors !== undefined);
  return [
    ...breaks.slice(0, 3),
    ...(errors.length === 0 ? [] : [`${errors.length} events with errors: ${JSON.stringify(errors[0]?.errors)}`]),
    ...(follower.resync === undefined ? [] : [follower.resync]),
  ];
}
