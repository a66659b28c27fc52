/**
 * Limits how many live subscriptions an organisation may have on one gateway. The limit is the installation's, or the
 * plan's when that is lower. An unknown plan limits nothing.
 */
import { AppError } from "../../../platform/errors/app-error.ts";
import type { LivePorts } from "../../ports.ts";
import { createQuota } from "./quota.ts";

export interface OrganizationQuota {
  /** What the plan grants now; `undefined` where it sets no limit. */
  planLimit(organizationId: string): Promise<bigint | undefined>;
  /**
   * Decides at once, so that whoever takes right after it is never one too many.
   * @throws AppError `TOO_MANY_SUBSCRIPTIONS`
   */
  assertAvailable(organizationId: string, planLimit: bigint | undefined): void;
  take(organizationId: string): void;
  release(organizationId: string): void;
}

const FEATURE = "live_connections";

export function createOrganizationQuota({
  settings,
  planFeatures,
}: Pick<LivePorts, "settings" | "planFeatures">): OrganizationQuota {
  const installationLimit = settings.LIVE_SUBSCRIPTIONS_PER_ORGANIZATION;
  const { used, take, release } = createQuota(installationLimit);
  return {
    async planLimit(organizationId) {
      return (await planFeatures?.limit(organizationId, FEATURE)) ?? undefined;
    },
    // Only newcomers are refused. After a downgrade what runs goes on, and is replaced by less as it ends: a page that
    // somebody works with never goes silent because somebody else changed the plan.
    assertAvailable(organizationId, planLimit) {
      const open = used(organizationId);
      if (planLimit !== undefined && planLimit < installationLimit && open >= planLimit) {
        const message = `The organization's plan allows ${planLimit} live subscriptions, and ${open} are open: end one, or choose a larger plan.`;
        throw new AppError("TOO_MANY_SUBSCRIPTIONS", message, { details: { planLimit: String(planLimit) } });
      }
      if (open >= installationLimit) {
        const message = `The organization has its ${installationLimit} live subscriptions here: end one first.`;
        throw new AppError("TOO_MANY_SUBSCRIPTIONS", message);
      }
    },
    take,
    release,
  };
}
