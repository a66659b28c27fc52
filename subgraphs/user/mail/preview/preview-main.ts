/**
 * Shows every mail in every language with sample values, as the local mailbox would: `npm run mail:preview`. Files are
 * read anew with each page, so a change shows when the page is loaded again.
 */
import { z } from "zod";
import { parseConfig } from "../../../../platform/config/parse-config.ts";
import { commonSettings } from "../../../../platform/config/settings.ts";
import { createServer, listen } from "../../../../platform/http/create-server.ts";
import { createLifecycle } from "../../../../platform/lifecycle/lifecycle.ts";
import { failStart, runProcess } from "../../../../platform/lifecycle/run-process.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { registerMailboxRoutes } from "../../../../platform/mail/mailbox-routes.ts";
import { mailboxSettings } from "../../../../platform/mail/mailbox-settings.ts";
import { mailSettings } from "../mail-settings.ts";
import { OUR_TEMPLATES } from "../mail-templates.ts";
import { createPreviewMailbox } from "./preview-mailbox.ts";

const INTRO = "Every mail in every language, with sample values. Load the page again after a change of a file.";

try {
  const settings = parseConfig(
    z.object({ ...commonSettings, ...mailSettings, MAILBOX_PORT: mailboxSettings.MAILBOX_PORT }),
    process.env,
  );
  const logger = createLogger({ name: "mail preview", level: settings.LOG_LEVEL });
  const lifecycle = createLifecycle(logger);
  const server = createServer({ logger, maxBodyBytes: 1_000 });
  const own = settings.MAIL_TEMPLATES_DIR;
  const mailbox = createPreviewMailbox({
    folders: [OUR_TEMPLATES, ...(own === undefined ? [] : [own])],
    language: settings.MAIL_LANGUAGE,
    webClientUrl: settings.WEB_CLIENT_URL,
  });
  registerMailboxRoutes(server, mailbox, INTRO);
  lifecycle.add({
    name: "mail preview",
    start: async () => {
      const port = await listen(server, settings.HOST, settings.MAILBOX_PORT, "MAILBOX_PORT");
      logger.info({ url: `http://${settings.HOST}:${port}/mailbox` }, "mails are shown");
    },
    stop: () => server.close(),
  });
  await runProcess({ lifecycle, logger, graceMs: settings.SHUTDOWN_GRACE_MS });
} catch (error) {
  failStart(error);
}
