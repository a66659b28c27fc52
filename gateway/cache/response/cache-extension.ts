/** In development a cached answer says in `extensions.cache` why it was cached. */
import { isJsonObject } from "../../transport/json-object.ts";
import { parseJson } from "../../transport/lossless-json.ts";
import type { ResponsePolicy } from "./policy.ts";

export interface CacheFacts extends Pick<ResponsePolicy, "maxAgeMs" | "scope"> {
  readonly tags: ReadonlySet<string>;
  readonly keptAt: Date;
}

/** @param body JSON text of an answer, as it was made; what that took is no longer said */
export function withCacheExtension(body: Buffer, { maxAgeMs, scope, tags, keptAt }: CacheFacts): Buffer {
  const answer = parseJson(body);
  if (!isJsonObject(answer)) return body;
  const { extensions } = answer;
  const cacheFacts = { keptAt: keptAt.toISOString(), maxAgeSeconds: maxAgeMs / 1_000, scope, tags: [...tags].sort() };
  const shown = { ...(isJsonObject(extensions) ? extensions : {}), cache: { answer: cacheFacts } };
  return Buffer.from(JSON.stringify({ ...answer, extensions: shown }));
}
