// A viewer's own live subscriptions on a running platform: the gateway's own subgraph beside those it plans over.
import { expect, test } from "vitest";
import { createLiveClient } from "../support/client/live-client.ts";
import { newMember, newOrganization } from "../support/client/new-member.ts";
import { freePort } from "../support/ports.ts";
import { TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

interface Listed {
  readonly id: string;
  readonly operationName: string | null;
  readonly field: string;
  readonly transport: string;
  readonly current: boolean;
  readonly organization: { readonly name: string } | null;
  readonly session: { readonly id: string; readonly current: boolean } | null;
}

const LIST = `{ liveSubscriptions {
  id operationName field transport current organization { name } session { id current }
} }`;
const CLOSE = "mutation($id: ID!) { liveSubscriptionClose(input: { id: $id }) { closedId userErrors { code } } }";
const BILLING = "subscription Billing($id: ID!) { billingEvents(organizationId: $id) { sequence } }";
const IDENTITY = "subscription { identityEvents { sequence } }";

test.each(TOPOLOGIES)(
  "%s: a viewer sees their live subscriptions with what they belong to, and closes one [S105]",
  async (topology) => {
    const stack = await startStack(topology);
    const [ada, eve] = await Promise.all([newMember(stack, "Ada"), newMember(stack, "Eve")]);
    const { organizationId } = await newOrganization(ada, "River Works");
    const live = createLiveClient({ url: stack.socketUrl, token: ada.accessToken });
    const others = createLiveClient({ url: stack.socketUrl, token: eve.accessToken });
    try {
      const identity = await live.subscribe(IDENTITY);
      const billing = await live.subscribe(BILLING, { id: organizationId });
      await others.subscribe(IDENTITY);
      const { liveSubscriptions } = await ada.client.request<{ liveSubscriptions: Listed[] }>(LIST);
      const common = { transport: "WEBSOCKET", current: true, session: { id: ada.sessionId, current: true } };
      expect(liveSubscriptions).toEqual([
        {
          ...common,
          id: expect.any(String),
          operationName: "Billing",
          field: "billingEvents",
          organization: { name: "River Works" },
        },
        { ...common, id: expect.any(String), operationName: null, field: "identityEvents", organization: null },
      ]);
      const id = liveSubscriptions[0]?.id;
      const refused = await eve.client.send(CLOSE, { id });
      expect(refused.data).toEqual({
        liveSubscriptionClose: { closedId: null, userErrors: [{ code: "NOT_FOUND" }] },
      });
      const closed = await ada.client.send(CLOSE, { id });
      expect(closed.data).toEqual({ liveSubscriptionClose: { closedId: id, userErrors: [] } });
      await waitFor(() => billing.ended, { what: "the end of the subscription" });
      expect(billing.ended?.error).toMatchObject([{ extensions: { code: "CLOSED_BY_VIEWER", retryable: false } }]);
      expect(identity.ended).toBeUndefined();
      const left = await ada.client.request<{ liveSubscriptions: Listed[] }>(LIST);
      expect(left.liveSubscriptions.map(({ field }) => field)).toEqual(["identityEvents"]);
    } finally {
      await live.close();
      await others.close();
      await stack.stop();
    }
  },
);

test("a gateway whose Redis is away starts, serves subscriptions, lists its own and says that more may be missing", async () => {
  // Nobody listens there.
  const stack = await startStack("distributed", { settings: { REDIS_URL: `redis://127.0.0.1:${await freePort()}` } });
  const ada = await newMember(stack, "Ada");
  const live = createLiveClient({ url: stack.socketUrl, token: ada.accessToken });
  try {
    const stream = await live.subscribe(IDENTITY);
    const { data, errors } = await ada.client.send("{ mine: liveSubscriptions { id field } }");
    expect(data).toEqual({ mine: [{ id: expect.any(String), field: "identityEvents" }] });
    expect(errors).toMatchObject([{ path: ["mine"], extensions: { code: "INCOMPLETE", retryable: true } }]);
    const [{ id }] = (data as { mine: [{ id: string }] }).mine;
    expect((await ada.client.send(CLOSE, { id })).data).toMatchObject({ liveSubscriptionClose: { closedId: id } });
    await waitFor(() => stream.ended, { what: "the end of the subscription" });
  } finally {
    await live.close();
    await stack.stop();
  }
});
