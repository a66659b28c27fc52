/** How exact it is noted when a credential was last used (`lastSeenAt`, `lastUsedAt`), in milliseconds. */
export const NOTED_EVERY_MS = 60_000;
