/** What the platform knows of the billing subgraph: plans, accounts, subscriptions, invoices and payments. */
import { z } from "zod";
import { processCacheSettings } from "../../platform/config/cache-settings.ts";
import { operatorSettings } from "../../platform/config/operator-settings.ts";
import { defineSubgraph } from "../../platform/graphql/subgraph-definition.ts";
import { documentSettings } from "./documents/document-settings.ts";
import { providerSettings } from "./provider/provider-settings.ts";

export const subgraph = defineSubgraph({
  port: 4002,
  // Each organisation gets an account, and each member a seat. What a plan grants follows from our own events.
  consumes: ["user", "billing"],
  // Plans are cached, and none of its events tells of a plan.
  answersFromMemory: false,
  settings: {
    ...processCacheSettings,
    ...operatorSettings,
    BILLING_CURRENCY: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .default("EUR")
      .describe("Currency of new billing accounts"),
    ...documentSettings,
    ...providerSettings,
  },
  operatorCommands: async () => (await import("./operator/command-table.ts")).COMMANDS,
  create: async (deps) => (await import("./index.ts")).createBillingSubgraph(deps),
  embedded: ({ publicUrl }, environment) => ({
    BILLING_DOCUMENTS_URL: environment["BILLING_DOCUMENTS_URL"] || publicUrl,
    PAYMENT_RETURN_URL: environment["PAYMENT_RETURN_URL"] || publicUrl,
    SANDBOX_WEBHOOK_URL: environment["SANDBOX_WEBHOOK_URL"] || `${publicUrl}/webhooks/sandbox`,
  }),
  seed: async (deps) => `plans: ${await (await import("./index.ts")).seedPlans(deps)} added`,
});
