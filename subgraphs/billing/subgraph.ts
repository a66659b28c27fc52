/** What the platform knows of the billing subgraph: plans, accounts, subscriptions, invoices and payments. */
import { z } from "zod";
import { processCacheSettings } from "../../platform/config/cache-settings.ts";
import { milliseconds } from "../../platform/config/setting-kinds.ts";
import { defineSubgraph } from "../../platform/graphql/subgraph-definition.ts";

export const subgraph = defineSubgraph({
  port: 4002,
  // Each organisation gets an account.
  consumes: ["user"],
  // Plans are cached, and none of its events tells of a plan.
  answersFromMemory: false,
  settings: {
    ...processCacheSettings,
    BILLING_CURRENCY: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .default("EUR")
      .describe("Currency of new billing accounts"),
    SANDBOX_PROVIDER_DELAY_MS: milliseconds
      .default(2_000)
      .describe("How long the sandbox provider's slow test cards take"),
  },
  create: async (deps) => (await import("./index.ts")).createBillingSubgraph(deps),
  seed: async (deps) => `plans: ${await (await import("./index.ts")).seedPlans(deps)} added`,
});
