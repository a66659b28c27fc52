// S109: what mail systems report at the gateway reaches the subgraph, in one process and in many, and the audit log.
import { randomUUID } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { tokenFromMail } from "../support/client/mailbox-client.ts";
import { newMember } from "../support/client/new-member.ts";
import { newWebhookSecret, webhookHeaders } from "../support/client/signed-webhook.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const SECRET = newWebhookSecret();

let stack: Stack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

test.each(TOPOLOGIES)("a bounce reported at the gateway is recorded [S109] (%s)", async (topology) => {
  const running = await startStack(topology, { settings: { MAIL_WEBHOOK_SECRETS: SECRET } });
  stack = running;
  const member = await newMember(running);
  const sent = async () =>
    rowsOf<{ id: string }>(
      running,
      "user",
      "SELECT event_id AS id FROM email_delivery WHERE tenant_id = $1 AND template = 'welcome' AND state = 'SENT'",
      [member.userId],
    );
  const [mail] = await waitFor(async () => (await sent()).length === 1 && (await sent()), { what: "the welcome" });
  const body = JSON.stringify({ event: "bounced", message_id: `<eml_${mail?.id}@example.com>`, reason: "550 no" });
  const post = (path: string, signature?: string) => {
    const headers = webhookHeaders(body, { secret: SECRET, id: randomUUID(), at: new Date() });
    return fetch(`${running.url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...headers,
        "webhook-signature": signature ?? headers["webhook-signature"],
      },
      body,
    });
  };

  for (const path of ["/webhooks/user/other", "/webhooks/billing/mail", "/webhooks/nobody/mail"]) {
    expect((await post(path)).status, path).toBe(404);
  }
  const refused = await post("/webhooks/user/mail", "v1,AAAA");
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });

  expect((await post("/webhooks/user/mail")).status).toBe(204);
  const recorded = () =>
    rowsOf(running, "audit", "SELECT FROM audit_entry WHERE action = 'user.email.bounced' AND tenant_id = $1", [
      member.userId,
    ]);
  await waitFor(async () => (await recorded()).length === 1, { what: "the audit entry" });
});

test.each(TOPOLOGIES)("one click in a mail program ends mails that one may do without (%s)", async (topology) => {
  const running = await startStack(topology);
  stack = running;
  const member = await newMember(running);
  const token = await tokenFromMail(running.mailbox, member.email, "/unsubscribe");
  const click = (path: string) =>
    fetch(`${running.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "List-Unsubscribe=One-Click",
    });
  expect((await click(`/webhooks/user/unsubscribe?token=${token}x`)).status).toBe(404);
  expect((await click("/webhooks/user/unsubscribe")).status).toBe(404);
  expect((await click(`/webhooks/user/unsubscribe?token=${token}`)).status).toBe(204);
  const recorded = () =>
    rowsOf(
      running,
      "audit",
      "SELECT FROM audit_entry WHERE action = 'user.email_subscription_changed' AND tenant_id = $1",
      [member.userId],
    );
  await waitFor(async () => (await recorded()).length === 1, { what: "the audit entry" });
});
