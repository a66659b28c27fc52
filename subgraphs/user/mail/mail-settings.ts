/** Settings of the words of mails. */
import { z } from "zod";
import { languageTag, url } from "../../../platform/config/setting-kinds.ts";

export const mailSettings = {
  MAIL_LANGUAGE: languageTag.default("en").describe("Language of mails to those who chose none, such as de"),
  MAIL_TEMPLATES_DIR: z
    .string()
    .optional()
    .describe("Folder with your own words of mails, in place of those in subgraphs/user/mail/templates"),
  WEB_CLIENT_URL: url("http", "https")
    .default("http://127.0.0.1:4000")
    .describe("Address of the web client, for links in mails"),
};
