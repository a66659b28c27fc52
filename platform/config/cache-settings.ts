/** What processes keep of what they have read, and for how long. */
import { z } from "zod";
import { registrySettings } from "./service-settings.ts";
import { count } from "./setting-kinds.ts";
import { redisSettings } from "./settings.ts";

/** How long each kind may be served when nothing says that it has changed, in seconds. */
const SECONDS = {
  /** Rows about people and organisations. */
  profile: 300,
  /** What a session may do. */
  token: 60,
  /** What operators set up and hardly ever change, e.g. what is for sale. */
  configuration: 1_800,
};

export type CacheKind = keyof typeof SECONDS;
export type CacheSeconds = Readonly<Record<CacheKind, number>>;

const isKind = (text: string): text is CacheKind => Object.hasOwn(SECONDS, text);

/** `profile=60,token=30`; kinds that are not named keep their default. */
const seconds = z.string().transform((text, context): CacheSeconds => {
  const changed = new Map<CacheKind, number>();
  for (const part of text.split(",")) {
    const [kind = "", value = "", ...rest] = part.split("=").map((side) => side.trim());
    if (!isKind(kind) || changed.has(kind) || rest.length > 0 || !/^[1-9]\d{0,8}$/.test(value)) {
      const kinds = Object.keys(SECONDS).join(", ");
      context.addIssue({ code: "custom", message: `must be kind=seconds, comma-separated, each kind once: ${kinds}` });
      return z.NEVER;
    }
    changed.set(kind, Number(value));
  }
  return { ...SECONDS, ...Object.fromEntries(changed) };
});

export const cacheSettings = {
  CACHE_TTL: seconds
    .default(SECONDS)
    .describe("Longest time that what was read is kept, in seconds by kind; what changes is evicted at once"),
  CACHE_ENTRIES: count.default(20_000).describe("Most entries of one cache in memory"),
  CACHE_TIMEOUT_MS: count
    .default(100)
    .describe("With REDIS_URL: longest time that one question to it may take before it is passed by, in milliseconds"),
};

/** For a process with a cache of its own (`platform/cache/process-cache.ts`), shared where there is Redis. */
export const processCacheSettings = {
  ...cacheSettings,
  ...redisSettings,
  REDIS_PREFIX: registrySettings.REDIS_PREFIX,
};
