/**
 * Names one intent of the user; repeats of that intent carry the same key. `crypto.randomUUID` is absent over plain
 * HTTP.
 */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
