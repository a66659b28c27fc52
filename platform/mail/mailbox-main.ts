/**
 * The local mailbox as a process of its own, for a distributed installation without a mail server:
 * `npm run start:mailbox`.
 */
import { z } from "zod";
import { parseConfig } from "../config/parse-config.ts";
import { commonSettings } from "../config/settings.ts";
import { createServer, listen } from "../http/create-server.ts";
import { createLifecycle } from "../lifecycle/lifecycle.ts";
import { failStart, runProcess } from "../lifecycle/run-process.ts";
import { createLogger } from "../logger/logger.ts";
import { registerMailboxRoutes } from "./mailbox-routes.ts";
import { startMailbox } from "./mailbox-server.ts";
import { mailboxSettings } from "./mailbox-settings.ts";

try {
  const settings = parseConfig(z.object({ ...commonSettings, ...mailboxSettings }), process.env);
  const logger = createLogger({ name: "mailbox", level: settings.LOG_LEVEL });
  const lifecycle = createLifecycle(logger);
  const mailbox = await startMailbox({ dir: settings.MAILBOX_DIR, logger, port: settings.MAILBOX_SMTP_PORT });
  const server = createServer({ logger, maxBodyBytes: 1_000 });
  registerMailboxRoutes(server, mailbox);
  lifecycle.add({ name: "mailbox smtp", stop: () => mailbox.stop() });
  lifecycle.add({
    name: "mailbox http",
    start: async () => {
      const port = await listen(server, settings.HOST, settings.MAILBOX_PORT, "MAILBOX_PORT");
      logger.info({ port, smtp: mailbox.smtpUrl }, "mailbox listens");
    },
    stop: () => server.close(),
  });
  await runProcess({ lifecycle, logger, graceMs: settings.SHUTDOWN_GRACE_MS });
} catch (error) {
  failStart(error);
}
