/** Small pieces of the pages that the gateway itself writes. */
import { createHash } from "node:crypto";

/** JSON that may stand inside a script element. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** The source expression that allows exactly this inline script. */
export function scriptHash(script: string): string {
  return `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
}

/** Headers of an HTML answer under the given policy. */
export function pageHeaders(policy: Readonly<Record<string, string>>): Record<string, string> {
  const all = { "base-uri": "'none'", "object-src": "'none'", "frame-ancestors": "'none'", ...policy };
  return {
    "content-security-policy": Object.entries(all)
      .map(([name, value]) => `${name} ${value}`)
      .join("; "),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-cache",
  };
}
