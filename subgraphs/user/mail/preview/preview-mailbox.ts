/** A mailbox that holds a sample of every mail in every language, made of the files as they are at that moment. */
import type { MailboxMessage, ShownMailbox } from "../../../../platform/mail/mailbox-server.ts";
import { renderMail } from "../render-mail.ts";
import { readTemplateFiles } from "../template-files.ts";
import { SAMPLE_WORDS, sampleMail } from "./sample-mails.ts";

export interface PreviewOptions {
  /** As `readTemplateFiles` takes them. */
  readonly folders: readonly string[];
  /** Of mails that a language has no words for. */
  readonly language: string;
  /** Where links lead. */
  readonly webClientUrl: string;
}

export function createPreviewMailbox({ folders, language, webClientUrl }: PreviewOptions): ShownMailbox {
  async function list(to?: string): Promise<readonly MailboxMessage[]> {
    const files = await readTemplateFiles(folders);
    const receivedAt = new Date().toISOString();
    const mails = [...files.languages.keys()].sort().flatMap((locale) =>
      SAMPLE_WORDS.map((words): MailboxMessage => {
        const { subject, text, html } = renderMail(files, sampleMail(words, locale, webClientUrl), language);
        const place = `${locale}/${words.template}.json`;
        const id = `${locale}.${words.template}`;
        return { id, recipients: [place], from: "preview", subject, text, html, receivedAt };
      }),
    );
    return mails.filter(({ recipients }) => to === undefined || recipients.some((place) => place.includes(to.trim())));
  }
  return { list, get: async (id) => (await list()).find((mail) => mail.id === id) };
}
