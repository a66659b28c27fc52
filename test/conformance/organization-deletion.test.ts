// An organisation is deleted on the running platform, over both topologies: its streams end at once, and when the grace
// is over each subgraph has ended what it keeps for it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Member, newMember } from "../support/client/new-member.ts";
import { createWithPlan, endOfSaga } from "../support/client/provisioning.ts";
import { TRANSPORTS } from "../support/client/transport-follower.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const GRACE_SECONDS = 8;
const BILLING = "subscription($org: ID!) { billingEvents(organizationId: $org) { sequence eventId } }";
const ORGANIZATION = "organization { id slug status deletesAt }";

interface Deleted {
  readonly organization: { readonly status: string; readonly deletesAt: string | null };
}

describe.each(TOPOLOGIES)("%s: the deletion of an organisation", (topology) => {
  let stack: Stack;
  let owner: Member;
  beforeAll(async () => {
    stack = await startStack(topology, { settings: { ORGANIZATION_GRACE_SECONDS: String(GRACE_SECONDS) } });
    owner = await newMember(stack, "Olga Owner");
  });
  afterAll(() => stack?.stop());

  test("ends its streams at once, can be taken back, and in the end its plan and its account", async () => {
    const { organization } = await createWithPlan(owner, "team", "tok_visa");
    const { id } = organization;
    await endOfSaga(owner, id);
    const { slug } = (
      await owner.client.request<{ organization: { slug: string } }>(
        "query($id: ID!) { organization(id: $id) { slug } }",
        { id },
      )
    ).organization;
    const remove = () => owner.client.mutate<Deleted>("organizationDelete", { id, confirmSlug: slug }, ORGANIZATION);

    const follower = await TRANSPORTS.SSE(stack, owner.accessToken, BILLING, id);
    expect((await remove()).organization.status).toBe("DELETING");
    await waitFor(() => follower.end() !== undefined, { what: "the end of its stream" });
    expect(follower.end()).toMatch(/"FORBIDDEN"/);
    const back = await owner.client.mutate<Deleted>("organizationRestore", { id }, ORGANIZATION);
    expect(back.organization).toMatchObject({ status: "ACTIVE", deletesAt: null });
    const again = await TRANSPORTS.SSE(stack, owner.accessToken, BILLING, id);
    expect(again.end()).toBeUndefined();

    await remove();
    const closed = await waitFor(
      async () => {
        const [account] = await rowsOf<{ status: string }>(
          stack,
          "billing",
          "SELECT status FROM billing_account WHERE organization_id = $1",
          [id],
        );
        return account?.status === "CLOSED" && account;
      },
      { what: "its billing account to be closed", deadlineMs: 60_000 },
    );
    expect(closed.status).toBe("CLOSED");
    expect(
      await rowsOf(stack, "billing", "SELECT status FROM billing_subscription WHERE organization_id = $1", [id]),
    ).toEqual([{ status: "CANCELED" }]);
    expect(await rowsOf(stack, "billing", "SELECT status FROM invoice WHERE organization_id = $1", [id])).toEqual([
      { status: "PAID" },
    ]);
    const gone = await owner.client.send("query($id: ID!) { organization(id: $id) { id } }", { id });
    expect(gone.errors?.[0]?.extensions?.["code"]).toBe("NOT_FOUND");
    const told = ["deletion_scheduled", "restored", "deleted"].map((what) => `user.organization.${what}`);
    const recorded = await waitFor(
      async () => {
        const entries = await rowsOf<{ action: string }>(
          stack,
          "audit",
          "SELECT action FROM audit_entry WHERE organization_id = $1 AND action = ANY ($2) ORDER BY sequence",
          [id, [...told, "billing.account.closed", "billing.subscription.canceled"]],
        );
        return entries.length === 6 && entries.map(({ action }) => action);
      },
      { what: "the audit log to tell all of it" },
    );
    expect(recorded.filter((action) => action.startsWith("user."))).toEqual([told[0], told[1], told[0], told[2]]);
  });
});
