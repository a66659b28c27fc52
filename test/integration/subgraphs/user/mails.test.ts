// Mails: late when the mail server is away, never lost, never in the way; and the mailbox that shows them.
import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { createServer } from "../../../../platform/http/create-server.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { waitFor } from "../../../support/wait.ts";
import { ANONYMOUS, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture | undefined;
afterEach(async () => {
  await fixture?.stop();
  fixture = undefined;
});

async function freeSmtpUrl(): Promise<string> {
  const probe = createTcpServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return `smtp://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

test("a mail server that is away fails no registration; its mail is tried again and then becomes a dead letter [S108]", async () => {
  const running = await startUser({
    smtpUrl: await freeSmtpUrl(),
    mailRetries: { attempts: 3, baseMs: 20, capMs: 50 },
  });
  fixture = running;
  const { email } = await running.register();
  const delivery = await waitFor(
    async () => {
      const { rows } = await running.admin.query("SELECT * FROM email_delivery WHERE recipient = $1", [email]);
      return rows[0]?.attempts === 3 && rows[0].state === "FAILED" ? rows[0] : undefined;
    },
    { what: "three attempts" },
  );
  expect(delivery.last_error).toContain("ESOCKET");
  const letter = await waitFor(
    async () => {
      for (const { partition, low } of await running.eventLog.ranges("user.events.dlq")) {
        const [record] = await running.eventLog.read({ topic: "user.events.dlq", partition, from: low, limit: 1 });
        if (record !== undefined) return JSON.parse(record.value);
      }
      return undefined;
    },
    { what: "the dead letter" },
  );
  expect(letter).toMatchObject({ consumer: "user.mailroom", attempts: 3 });
  // Whoever reads the stream learns of the failure, and of no address.
  const events = await running.mailEventsOf(delivery.tenant_id);
  expect(events.map(({ type }) => type)).toEqual(["user.email.requested.v1", "user.email.failed.v1"]);
  expect(events[1].data).toMatchObject({ template: "verification", attempts: 3, reason: delivery.last_error });
  expect(JSON.stringify(events)).not.toContain(email);
});

/** Refuses an address for good (5xx), for now (4xx), or takes it, as its local part says. */
async function choosyServer() {
  const accepted: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onRcptTo({ address }, _session, done) {
      const code = address.startsWith("refused") ? 550 : address.startsWith("later") ? 451 : undefined;
      if (code === undefined) accepted.push(address);
      done(code === undefined ? null : Object.assign(new Error("not this one"), { responseCode: code }));
    },
    onData(stream, _session, done) {
      stream.resume().once("end", () => done());
    },
  });
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(() => void server.close());
  const { port } = listening.address() as AddressInfo;
  return { url: `smtp://127.0.0.1:${port}`, accepted };
}

test("an address that the server refuses for good ends its mail at once, and is no dead letter", async () => {
  const { url } = await choosyServer();
  const running = await startUser({ smtpUrl: url, mailRetries: { attempts: 50, baseMs: 60_000, capMs: 60_000 } });
  fixture = running;
  const { email } = await running.register("refused@example.com");
  const { rows } = await running.admin.query('SELECT id FROM "user" WHERE email = $1', [email]);
  const events = await waitFor(
    async () => {
      const found = await running.mailEventsOf(rows[0].id);
      return found.length === 2 && found;
    },
    { what: "the end of the mail" },
  );
  expect(events[1]).toMatchObject({ type: "user.email.failed.v1", data: { attempts: 1, reason: /550/ } });
  const deliveries = await running.admin.query("SELECT state, attempts FROM email_delivery");
  expect(deliveries.rows).toEqual([{ state: "FAILED", attempts: 1 }]);
  for (const { low, high } of await running.eventLog.ranges("user.events.dlq")) expect(high).toBe(low);
});

test("an address that keeps the server waiting delays no other mail of its organisation", async () => {
  const { url, accepted } = await choosyServer();
  const running = await startUser({ smtpUrl: url, mailRetries: { attempts: 50, baseMs: 60_000, capMs: 60_000 } });
  fixture = running;
  // Nobody reads the link here.
  const ada = await running.register("ada@example.com");
  await running.admin.query(`UPDATE "user" SET status = 'ACTIVE', email_verified_at = now()`);
  const session = await running.signIn(ada);
  const organizationId = await running.organization(session);
  const roleIds = [(await running.roles(session, organizationId)).MEMBER];
  for (const email of ["later1@example.com", "later2@example.com", "good@example.com"]) {
    const input = { organizationId, email, roleIds };
    await running.mutate(await running.identityOf(session), "invitationCreate", input, "invitation { id }");
  }
  await waitFor(() => accepted.includes("good@example.com"), { what: "the good address's mail" });
});

test("a mail that is sent has its row, and no token is in the database in the clear", async () => {
  const running = await startUser();
  fixture = running;
  const { email } = await running.register();
  const token = await running.tokenFor(email, "/verify");
  await waitFor(
    async () => {
      const { rows } = await running.admin.query("SELECT state FROM email_delivery WHERE recipient = $1", [email]);
      return rows[0]?.state === "SENT";
    },
    { what: "the delivery to be marked" },
  );
  for (const table of ["email_verification", "email_delivery", "outbox"]) {
    expect(JSON.stringify((await running.admin.query(`SELECT * FROM ${table}`)).rows)).not.toContain(token);
  }
});

test("the mailbox lists mails newest first as a page and as JSON, and frames their content without scripts", async () => {
  const running = await startUser();
  fixture = running;
  const { email } = await running.register();
  const input = { email: "second@example.com", password: "correct horse battery", displayName: "Eve to be spoilt" };
  // No name that our rules take is markup; a row may be older than they are.
  await running.admin.query(`
    CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.display_name := '<img src=x>Eve'; RETURN NEW; END $$;
    CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON "user" FOR EACH ROW EXECUTE FUNCTION spoil()`);
  await running.tokenFor(email, "/verify");
  await running.mutate(ANONYMOUS, "userRegister", input, "accepted");
  await running.verify(input.email);
  const isGreeted = async () => (await running.mailbox.list(input.email)).length === 2;
  await waitFor(isGreeted, { what: "the mail that greets by name" });
  const { registerMailboxRoutes } = await import("../../../../platform/mail/mailbox-routes.ts");
  const server = createServer({ logger: createLogger({ name: "test", level: "silent" }), maxBodyBytes: 1_000 });
  registerMailboxRoutes(server, running.mailbox);
  const get = (url: string, accept: string) => server.inject({ method: "GET", url, headers: { accept } });
  const all = (await get("/mailbox", "application/json")).json();
  expect(all.map(({ to }: { to: string }) => to)).toEqual([input.email, input.email, email]);
  const mine = (await get(`/mailbox/messages?to=${encodeURIComponent(email)}`, "*/*")).json();
  expect(mine).toMatchObject([{ to: email, subject: "Confirm your e-mail address" }]);
  const list = await get("/mailbox", "text/html");
  expect(list.headers["content-security-policy"]).toContain("default-src 'none'");
  expect(list.body).toContain(`/mailbox/messages/${mine[0].id}`);
  const page = await get(`/mailbox/messages/${all[0].id}`, "text/html");
  expect(page.body).toContain('sandbox="allow-popups');
  const content = await get(`/mailbox/messages/${all[0].id}/content`, "text/html");
  expect(content.headers["content-security-policy"]).toContain("sandbox");
  expect(content.body).not.toContain("<img");
  expect(content.body).toContain("&lt;img src=x&gt;Eve");
  expect((await get("/mailbox/messages/..%2f..%2fetc%2fpasswd", "text/html")).statusCode).toBe(404);
  await server.close();
});
