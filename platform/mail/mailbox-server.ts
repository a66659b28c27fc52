/**
 * A mail server that delivers nothing: it keeps every mail as a file, so that the embedded topology needs no account
 * anywhere. Loopback only. A mail is acknowledged after its file is complete; the newest 500 are kept.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { SMTPServer, type SMTPServerDataStream } from "smtp-server";
import { z } from "zod";
import type { Logger } from "../logger/logger.ts";

const messageSchema = z.object({
  id: z.string(),
  /** The header; absent in mails that an earlier release kept. */
  messageId: z.string().optional(),
  /** Lower-case addresses that the mail was handed over for. */
  recipients: z.array(z.string()),
  from: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  /** By their names in lower case; absent in mails that an earlier release kept. */
  headers: z.record(z.string(), z.string()).optional(),
  receivedAt: z.iso.datetime(),
});

export type MailboxMessage = z.infer<typeof messageSchema>;

/** What is shown of a mailbox. */
export interface ShownMailbox {
  /** Newest first. @param to only mails for this address */
  list(to?: string): Promise<readonly MailboxMessage[]>;
  get(id: string): Promise<MailboxMessage | undefined>;
}

export interface Mailbox extends ShownMailbox {
  /** `smtp://127.0.0.1:<port>` */
  readonly smtpUrl: string;
  stop(): Promise<void>;
}

export interface MailboxOptions {
  /** Folder of the mails; created when missing. */
  readonly dir: string;
  readonly logger: Logger;
  /** 0, the default, takes a free one. */
  readonly port?: number;
}

const MAX_BYTES = 1024 * 1024;
const KEEP = 500;
/** Milliseconds, then randomness: names sort by arrival and cannot leave the folder. */
const ID_PATTERN = /^\d{15}-[0-9a-f]{8}$/;

/** Resolves when the server listens. */
export async function startMailbox({ dir, logger, port = 0 }: MailboxOptions): Promise<Mailbox> {
  await mkdir(dir, { recursive: true, mode: 0o700 });

  async function ids(): Promise<string[]> {
    const names = await readdir(dir);
    return names
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length))
      .filter((id) => ID_PATTERN.test(id))
      .sort()
      .reverse();
  }

  async function get(id: string): Promise<MailboxMessage | undefined> {
    if (!ID_PATTERN.test(id)) return undefined;
    try {
      const message = messageSchema.safeParse(JSON.parse(await readFile(join(dir, `${id}.json`), "utf8")));
      return message.success ? message.data : undefined;
    } catch {
      // Removed meanwhile by the limit, or a file that is not ours.
      return undefined;
    }
  }

  async function keep(raw: Buffer, from: string, recipients: readonly string[]): Promise<void> {
    const parsed = await PostalMime.parse(raw);
    const receivedAt = new Date();
    const id = `${String(receivedAt.getTime()).padStart(15, "0")}-${randomBytes(4).toString("hex")}`;
    const message: MailboxMessage = {
      id,
      ...(parsed.messageId === undefined ? {} : { messageId: parsed.messageId }),
      recipients: recipients.map((address) => address.toLowerCase()),
      from,
      subject: parsed.subject ?? "",
      text: parsed.text ?? "",
      html: parsed.html ?? "",
      headers: Object.fromEntries(parsed.headers.map(({ key, value }) => [key, value])),
      receivedAt: receivedAt.toISOString(),
    };
    const file = join(dir, `${id}.json`);
    await writeFile(`${file}.part`, JSON.stringify(message), { mode: 0o600 });
    await rename(`${file}.part`, file);
    for (const old of (await ids()).slice(KEEP)) await rm(join(dir, `${old}.json`), { force: true });
  }

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    size: MAX_BYTES,
    onData(stream, session, done) {
      const sender = session.envelope.mailFrom === false ? "" : session.envelope.mailFrom.address;
      const recipients = session.envelope.rcptTo.map(({ address }) => address);
      readAll(stream)
        .then((raw) => keep(raw, sender, recipients))
        .then(
          () => done(),
          (error: unknown) => {
            logger.error({ err: error }, "a mail could not be kept");
            done(error instanceof Error ? error : new Error(String(error)));
          },
        );
    },
  });
  // A peer that drops its connection is its own business; nothing of ours depends on it.
  server.on("error", (error) => logger.debug({ err: error }, "mailbox connection failed"));

  await new Promise<void>((resolve, reject) => {
    server.server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;

  return {
    smtpUrl: `smtp://127.0.0.1:${actual}`,
    async list(to) {
      const wanted = to?.trim().toLowerCase();
      const messages = await Promise.all((await ids()).map(get));
      return messages
        .filter((message) => message !== undefined)
        .filter(({ recipients }) => wanted === undefined || recipients.includes(wanted));
    },
    get,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** @throws Error above the size limit; the stream is read to its end first, as the protocol wants. */
async function readAll(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += part.length;
    if (bytes <= MAX_BYTES) chunks.push(part);
  }
  if (bytes > MAX_BYTES) throw new Error(`The mail is larger than ${MAX_BYTES} bytes.`);
  return Buffer.concat(chunks);
}
