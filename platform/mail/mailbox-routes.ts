/**
 * Shows the local mailbox: pages for people, JSON for programs. What is inside a mail is foreign: it is escaped, or
 * shown in a sandboxed frame that runs no script and loads nothing.
 */
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import { escapeHtml } from "../http/escape-html.ts";
import type { MailboxMessage, ShownMailbox } from "./mailbox-server.ts";

const PAGE_CSP = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'self'";
const MAIL_CSP =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

const INTRO = "Mails that this installation sent. They were kept here instead of being delivered.";

const querySchema = z.object({ to: z.string().optional() });
const paramsSchema = z.object({ id: z.string() });

/**
 * Adds `GET /mailbox`, `/mailbox/messages`, `/mailbox/messages/:id` and the frame's content. For local use only: no
 * sign-in.
 * @param intro what these mails are
 */
export function registerMailboxRoutes(server: FastifyInstance, mailbox: ShownMailbox, intro = INTRO): void {
  server.get("/mailbox", async (request, reply) => {
    const { to } = querySchema.parse(request.query);
    const messages = await mailbox.list(to);
    if (wantsJson(request.headers.accept)) return messages.map(toJson);
    return sendPage(reply, listPage(messages, to, intro));
  });
  server.get("/mailbox/messages", async (request) => {
    const { to } = querySchema.parse(request.query);
    return (await mailbox.list(to)).map(toJson);
  });
  server.get("/mailbox/messages/:id", async (request, reply) => {
    const message = await find(mailbox, request.params);
    if (wantsJson(request.headers.accept)) return toJson(message);
    return sendPage(reply, messagePage(message));
  });
  server.get("/mailbox/messages/:id/content", async (request, reply) => {
    const message = await find(mailbox, request.params);
    const html = message.html === "" ? `<pre>${escapeHtml(message.text)}</pre>` : message.html;
    return reply
      .header("content-security-policy", MAIL_CSP)
      .header("x-content-type-options", "nosniff")
      .header("referrer-policy", "no-referrer")
      .type("text/html; charset=utf-8")
      .send(`<!doctype html><base target="_blank">${html}`);
  });
}

async function find(mailbox: ShownMailbox, params: unknown): Promise<MailboxMessage> {
  const message = await mailbox.get(paramsSchema.parse(params).id);
  if (message === undefined) throw new AppError("NOT_FOUND", "There is no such mail.");
  return message;
}

function wantsJson(accept: string | undefined): boolean {
  return accept?.includes("application/json") === true && !accept.includes("text/html");
}

function toJson({ id, recipients, from, subject, text, html, headers, receivedAt }: MailboxMessage) {
  return { id, to: recipients.join(", "), from, subject, text, html, headers, receivedAt };
}

function sendPage(reply: FastifyReply, body: string): FastifyReply {
  return reply
    .header("content-security-policy", PAGE_CSP)
    .header("x-content-type-options", "nosniff")
    .header("cache-control", "no-store")
    .type("text/html; charset=utf-8")
    .send(body);
}

function listPage(messages: readonly MailboxMessage[], to: string | undefined, intro: string): string {
  const rows = messages.map(
    (message) => `<tr>
      <td><a href="/mailbox/messages/${message.id}">${escapeHtml(message.subject || "(no subject)")}</a></td>
      <td>${escapeHtml(message.recipients.join(", "))}</td>
      <td><time datetime="${message.receivedAt}">${readable(message.receivedAt)}</time></td>
    </tr>`,
  );
  const table = `<table><thead><tr><th scope="col">Subject</th><th scope="col">To</th><th scope="col">Received (UTC)</th></tr></thead>
    <tbody>${rows.join("")}</tbody></table>`;
  return page(
    "Mailbox",
    `<h1>Mailbox</h1>
    <p>${escapeHtml(intro)}</p>
    <form method="get" action="/mailbox"><label>Address <input type="email" name="to" value="${escapeHtml(to ?? "")}"></label>
    <button>Show</button></form>
    ${messages.length === 0 ? "<p>No mail yet.</p>" : table}`,
  );
}

function messagePage(message: MailboxMessage): string {
  return page(
    message.subject || "(no subject)",
    `<p><a href="/mailbox">All mails</a></p>
    <h1>${escapeHtml(message.subject || "(no subject)")}</h1>
    <dl><dt>From</dt><dd>${escapeHtml(message.from)}</dd><dt>To</dt><dd>${escapeHtml(message.recipients.join(", "))}</dd>
    <dt>Received (UTC)</dt><dd><time datetime="${message.receivedAt}">${readable(message.receivedAt)}</time></dd></dl>
    <iframe title="Content of the mail" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/mailbox/messages/${message.id}/content"></iframe>
    <details><summary>Plain text</summary><pre>${withLinks(message.text)}</pre></details>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
  <title>${escapeHtml(title)} · Tributary</title><style>
  :root { color-scheme: light dark; } body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 56rem; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; margin-top: 1rem; } th, td { text-align: left; padding: .5rem; border-bottom: 1px solid #8886; }
  iframe { width: 100%; height: 24rem; border: 1px solid #8886; border-radius: .5rem; background: #fff; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; } dd { margin: 0; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  </style></head><body><main>${body}</main></body></html>`;
}

function readable(instant: string): string {
  return instant.replace("T", " ").slice(0, 19);
}

function withLinks(text: string): string {
  return escapeHtml(text).replace(/https?:\/\/[^\s<>"]+/g, (link) => `<a href="${link}" rel="noreferrer">${link}</a>`);
}
