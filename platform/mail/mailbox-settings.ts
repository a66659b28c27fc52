/** `npm run start:mailbox`. */
import { z } from "zod";
import { port } from "../config/setting-kinds.ts";

export const mailboxSettings = {
  MAILBOX_PORT: port.default(8025).describe("Port of the local mailbox's pages"),
  MAILBOX_SMTP_PORT: port.default(1025).describe("Port on which the local mailbox takes mails"),
  MAILBOX_DIR: z.string().default(".data/mailbox").describe("Where the local mailbox keeps mails"),
};
