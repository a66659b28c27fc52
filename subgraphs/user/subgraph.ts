/** What the platform knows of the user subgraph: accounts, sessions, organisations and their members. */
import { join } from "node:path";
import { z } from "zod";
import { accessTokenSettings } from "../../platform/auth/access-token-settings.ts";
import { processCacheSettings } from "../../platform/config/cache-settings.ts";
import { operatorSettings } from "../../platform/config/operator-settings.ts";
import { count, list, url } from "../../platform/config/setting-kinds.ts";
import { defineSubgraph } from "../../platform/graphql/subgraph-definition.ts";
import { webhookSecrets } from "../../platform/webhooks/webhook-signature.ts";
import { mailSettings } from "./mail/mail-settings.ts";

export const subgraph = defineSubgraph({
  port: 4001,
  // Mails follow its own events; an organisation is welcomed when its billing account is open.
  consumes: ["user", "billing"],
  answersFromMemory: true,
  queriesApart: true,
  issuesSessions: true,
  settings: {
    ...accessTokenSettings,
    ...processCacheSettings,
    ...operatorSettings,
    SIGNING_KEY_FILE: z
      .string()
      .default(".data/signing-keys.json")
      .describe("JWK set with the private EdDSA keys of access tokens; created when missing"),
    ACCESS_TOKEN_SECONDS: count.default(900).describe("Lifetime of access tokens, in seconds"),
    REFRESH_TOKEN_SECONDS: count.default(2_592_000).describe("Lifetime of refresh tokens and sessions, in seconds"),
    BCRYPT_COST: z.coerce.number().int().min(4).max(15).default(11).describe("Cost of password hashes"),
    SAGA_DEADLINE_SECONDS: count
      .default(86_400)
      .describe("How long the setting up of an organisation may take before it is undone, in seconds"),
    SAGA_RETRY_SECONDS: count
      .default(30)
      .describe("How long to wait for a step of a saga before asking for it again, in seconds"),
    ORGANIZATION_GRACE_SECONDS: count
      .default(2_592_000)
      .describe("How long an organisation that was deleted can be restored, in seconds"),
    SMTP_URL: url("smtp", "smtps").describe("Mail server"),
    MAIL_WEBHOOK_SECRETS: webhookSecrets
      .optional()
      .describe(
        "Comma-separated secrets (whsec_…) of the webhook by which the mail service reports bounces; all verify",
      ),
    MAIL_FROM: z.string().default("Tributary <no-reply@tributary.local>").describe("Sender of mails"),
    ...mailSettings,
    PRIVATE_IDENTITY_PROVIDERS: z
      .stringbool()
      .default(false)
      .describe("Whether organisations' identity providers may have private addresses, and speak plain HTTP"),
    DNS_SERVERS: list
      .optional()
      .describe("Comma-separated DNS servers that are asked about organisations' domains; default: this machine's"),
  },
  operatorCommands: async () => (await import("./operator/command-table.ts")).COMMANDS,
  create: async (deps) => (await import("./index.ts")).createUserSubgraph(deps),
  embedded: ({ dataDir, publicUrl, smtpUrl }, environment) => ({
    SIGNING_KEY_FILE: join(dataDir, "signing-keys.json"),
    SMTP_URL: smtpUrl,
    // Mails may have to name another address than the one that this machine knows.
    WEB_CLIENT_URL: environment["WEB_CLIENT_URL"] || publicUrl,
  }),
});
