// S109: the mail service tells by a signed webhook that a mail came back.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newWebhookSecret, webhookHeaders } from "../../../support/client/signed-webhook.ts";
import { waitFor } from "../../../support/wait.ts";
import { type Json, type Person, startUser, type UserFixture } from "./user-fixture.ts";

const SECRETS = [newWebhookSecret(), newWebhookSecret()];

let fixture: UserFixture;
let owner: Person;
let organizationId: string;
beforeAll(async () => {
  fixture = await startUser({ webhookSecrets: SECRETS });
  owner = await fixture.person();
  organizationId = await fixture.organization(owner);
});
afterAll(() => fixture?.stop());

interface Call {
  readonly secret?: string;
  readonly id?: string;
  readonly at?: Date;
}

/** As the mail service calls. */
async function call(
  body: string | object,
  { secret = SECRETS[0] ?? "", id = randomUUID(), at = new Date() }: Call = {},
) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = webhookHeaders(text, { secret, id, at });
  const webhook = fixture.subgraph.webhooks?.find(({ name }) => name === "mail");
  if (webhook === undefined) throw new Error("there is no webhook");
  return webhook.receive({ headers, query: new URLSearchParams(), body: Buffer.from(text) });
}

interface SentMail {
  readonly messageId: string;
  readonly recipient: string;
}

async function sentInvitation(): Promise<SentMail> {
  const recipient = `guest-${randomUUID()}@example.com`;
  const roleIds = [(await fixture.roles(owner, organizationId)).MEMBER];
  const input = { organizationId, email: recipient, roleIds };
  await fixture.mutate(await fixture.identityOf(owner), "invitationCreate", input, "invitation { id }");
  const [mail] = await waitFor(
    async () => {
      if ((await deliveryTo(recipient))?.status !== "SENT") return undefined;
      return fixture.mailbox.list(recipient);
    },
    { what: "the invitation" },
  );
  return { messageId: mail?.messageId ?? "", recipient };
}

async function deliveryTo(recipient: string): Promise<Json> {
  const query = `query($id: ID!) { organization(id: $id) { emailStatistics { sent bounced failed deliveryRate }
    emailDeliveries(first: 50) { edges { node { recipient status lastError timeline { status detail } } } } } }`;
  const { data } = await fixture.ask(await fixture.identityOf(owner), query, { id: organizationId });
  const { edges } = data.organization.emailDeliveries;
  const found = edges.map(({ node }: Json) => node).find((node: Json) => node.recipient === recipient);
  return found === undefined ? undefined : { ...found, statistics: data.organization.emailStatistics };
}

const bounces = async () =>
  (await fixture.streamOf(organizationId)).filter(({ type }) => type === "user.email.bounced.v1");

test("a bounce is shown with its reason, counted and published once, however often the service tells of it [S109]", async () => {
  const { messageId, recipient } = await sentInvitation();
  const id = randomUUID();
  const bounce = {
    event: "bounced",
    message_id: messageId,
    reason: `550 5.1.1 <${recipient}>: no such\nuser`,
    more: {},
  };
  await call(bounce, { id });
  await call(bounce, { id, secret: SECRETS[1] ?? "" });
  const delivery = await deliveryTo(recipient);
  expect(delivery).toMatchObject({ status: "BOUNCED", lastError: "550 5.1.1 <…>: no such user" });
  expect(delivery.timeline.map(({ status, detail }: Json) => [status, detail])).toEqual([
    ["REQUESTED", null],
    ["SENDING", null],
    ["SENT", null],
    ["BOUNCED", "550 5.1.1 <…>: no such user"],
  ]);
  expect(delivery.statistics).toMatchObject({ bounced: 1, failed: 0 });
  expect(delivery.statistics.deliveryRate).toBe(delivery.statistics.sent / (delivery.statistics.sent + 1));
  expect(await bounces()).toMatchObject([
    {
      data: { template: "invitation", reason: "550 5.1.1 <…>: no such user" },
      actorkind: "SERVICE",
      actorid: "mail-server",
    },
  ]);
  expect(JSON.stringify(await bounces())).not.toContain(recipient);
});

test("a call that is not signed, too old, or of another body is refused, and changes nothing [S109]", async () => {
  const { messageId, recipient } = await sentInvitation();
  const bounce = { event: "bounced", message_id: messageId };
  const before = (await bounces()).length;
  const stranger = newWebhookSecret();
  for (const wrong of [{ secret: stranger }, { at: new Date(Date.now() - 301_000) }]) {
    await expect(call(bounce, wrong)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  }
  const webhook = fixture.subgraph.webhooks?.find(({ name }) => name === "mail");
  const headers = webhookHeaders("{}", { secret: SECRETS[0] ?? "", id: "one", at: new Date() });
  const other = { headers, query: new URLSearchParams(), body: Buffer.from(JSON.stringify(bounce)) };
  await expect(webhook?.receive(other)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(webhook?.receive({ ...other, headers: {} })).rejects.toMatchObject({
    code: "UNAUTHENTICATED",
    message: expect.stringContaining("webhook-id"),
  });
  expect(await bounces()).toHaveLength(before);
  expect(await deliveryTo(recipient)).toMatchObject({ status: "SENT" });
});

test("what cannot be understood is refused by name, other events are passed over [S109]", async () => {
  const { messageId, recipient } = await sentInvitation();
  await expect(call("{")).rejects.toMatchObject({ code: "BAD_REQUEST" });
  await expect(call({ event: "bounced" })).rejects.toMatchObject({
    code: "BAD_USER_INPUT",
    message: expect.stringContaining("message_id"),
  });
  await expect(call({ event: "bounced", message_id: "<1@example.com>" })).rejects.toMatchObject({
    code: "BAD_USER_INPUT",
  });
  const unknown = `<${fixture.ids.next("eml")}@example.com>`;
  await expect(call({ event: "bounced", message_id: unknown })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await call({ event: "opened", message_id: messageId });
  expect(await deliveryTo(recipient)).toMatchObject({ status: "SENT" });
  await call({ event: "bounced", message_id: messageId.slice(1, -1), reason: "\u0000\ud800" });
  expect(await deliveryTo(recipient)).toMatchObject({ status: "BOUNCED" });
});
