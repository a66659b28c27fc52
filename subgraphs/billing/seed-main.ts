/** `npm run db:seed`: publishes the plans of the catalogue. Repeating it adds only what is missing. */
import { z } from "zod";
import { systemClock } from "../../platform/clock.ts";
import { parseConfig } from "../../platform/config/parse-config.ts";
import { billingSettings } from "../../platform/config/settings.ts";
import { createIdSource } from "../../platform/ids.ts";
import { failStart } from "../../platform/lifecycle/run-process.ts";
import { seedPlans } from "./index.ts";

const { BILLING_DATABASE_URL, BILLING_CURRENCY } = billingSettings;

try {
  const settings = parseConfig(z.object({ BILLING_DATABASE_URL, BILLING_CURRENCY }), process.env);
  const added = await seedPlans({ settings, ids: createIdSource(systemClock) });
  process.stdout.write(`plans: ${added} added\n`);
} catch (error) {
  failStart(error);
}
