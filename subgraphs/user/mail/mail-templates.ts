/** The words of mails in this process: ours, and those of whoever runs the platform. */
import { fileURLToPath } from "node:url";
import type { MailToRender, RenderedMail } from "./render-mail.ts";

export interface MailTemplates {
  /**
   * Reads the files now, so that a mistake in them shows.
   * @throws Error that names the file and what is wrong with it
   */
  load(): Promise<void>;
  render(mail: MailToRender): Promise<RenderedMail>;
}

export interface MailTemplateOptions {
  /** Of whoever runs the platform; its files take the place of ours. */
  readonly folder?: string | undefined;
  /** Of readers who chose no language, as a tag (BCP 47). */
  readonly language: string;
}

export const OUR_TEMPLATES = fileURLToPath(new URL("./templates", import.meta.url));

/** Files are read once. They and their library are not needed before the first mail. */
export function createMailTemplates({ folder, language }: MailTemplateOptions): MailTemplates {
  async function read() {
    const [{ readTemplateFiles }, { renderMail }] = await Promise.all([
      import("./template-files.ts"),
      import("./render-mail.ts"),
    ]);
    const files = await readTemplateFiles([OUR_TEMPLATES, ...(folder === undefined ? [] : [folder])]);
    return (mail: MailToRender) => renderMail(files, mail, language);
  }
  let reading: ReturnType<typeof read> | undefined;
  const renderer = () => {
    // A failure is told, and not kept: the files may be mended.
    reading ??= read().catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
  return {
    async load() {
      await renderer();
    },
    render: async (mail) => (await renderer())(mail),
  };
}
