/** What a feature flag may have switched off. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { FlagKey } from "../domain/feature-flag.ts";
import type { OrganizationId } from "../domain/ids.ts";
import type { UserServices } from "../services.ts";

/** @throws UserFailure `STATE_INVALID` where the flag is off */
export async function requireFeature(
  { flags }: Pick<UserServices, "flags">,
  key: FlagKey,
  organizationId: OrganizationId,
): Promise<void> {
  if (await flags.isOn(key, organizationId)) return;
  throw refuse("STATE_INVALID", `This is switched off for the organisation (feature flag \`${key}\`).`);
}
