// Reads mails as their receiver would.
import { waitFor } from "../wait.ts";

export interface ReceivedMail {
  readonly id: string;
  readonly to: string | readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** @param mailbox e.g. http://127.0.0.1:4000/mailbox */
async function listMails(mailbox: string, to: string): Promise<readonly ReceivedMail[]> {
  const response = await fetch(`${mailbox}/messages?to=${encodeURIComponent(to)}`, {
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`the mailbox answers HTTP ${response.status}`);
  return response.json();
}

/** The newest mail to `to` with this subject. */
export function mailTo(mailbox: string, to: string, subject: RegExp, deadlineMs = 20_000): Promise<ReceivedMail> {
  return waitFor(async () => (await listMails(mailbox, to)).find((mail) => subject.test(mail.subject)), {
    what: `a mail to ${to} about ${subject}`,
    deadlineMs,
    intervalMs: 50,
  });
}

/** The token in the newest mail to `to` whose link has the given path, e.g. `/verify`. */
export function tokenFromMail(mailbox: string, to: string, path: string, deadlineMs = 20_000): Promise<string> {
  return waitFor(
    async () => {
      for (const mail of await listMails(mailbox, to)) {
        const token = new RegExp(`${path}\\?token=([A-Za-z0-9_-]+)`).exec(mail.text)?.[1];
        if (token !== undefined) return token;
      }
      return undefined;
    },
    { what: `a mail to ${to} with a ${path} link`, deadlineMs, intervalMs: 50 },
  );
}
