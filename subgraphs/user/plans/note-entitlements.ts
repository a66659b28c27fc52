/** Keeps what an organisation's plan grants, as billing tells it: for the limit of seats. */
import { z } from "zod";
import type { RoutedHandler } from "../../../platform/events/routing-table.ts";
import { OrganizationId } from "../domain/ids.ts";
import type { UserTransaction } from "../store/database.ts";
import { putEntitlement } from "../store/organization-entitlements.ts";

const changed = z.object({
  entitlements: z.array(
    z.object({
      key: z.string(),
      granted: z.boolean(),
      limit: z
        .string()
        .nullable()
        .transform((text) => (text === null ? null : BigInt(text))),
    }),
  ),
});

export const noteEntitlements: RoutedHandler<unknown, UserTransaction> = async (
  _,
  { partitionkey, data, time },
  tx,
) => {
  const organizationId = OrganizationId.require(partitionkey);
  for (const entitlement of changed.parse(data).entitlements) {
    await putEntitlement(tx, organizationId, { ...entitlement, changedAt: new Date(time) });
  }
};
