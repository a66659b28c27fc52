/** Who operates the installation over the API: gateway and subgraphs must agree. */
import { z } from "zod";

export const operatorSettings = {
  OPERATOR_ORGANIZATION_ID: z
    .string()
    .regex(/^org_[A-Za-z0-9_-]+$/, "must be the id of an organisation")
    .optional()
    .describe(
      "Organisation whose managers are operators: they may look into the caches and evict, deal with dead letters, and set feature flags; unset: nobody may",
    ),
};
