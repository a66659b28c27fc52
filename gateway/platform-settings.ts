/** What the platform's gateway is told beside the settings that every gateway has: read by its entry, which checks all of them, and by its wiring. */
import { cacheSettings } from "../platform/config/cache-settings.ts";
import { registrySettings } from "../platform/config/service-settings.ts";
import { eventLogSettings, identitySettings, redisSettings, tokenSettings } from "../platform/config/settings.ts";

export const platformSettings = {
  ...identitySettings,
  ...tokenSettings,
  ...eventLogSettings,
  ...redisSettings,
  ...cacheSettings,
  ...registrySettings,
};
