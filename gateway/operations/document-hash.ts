/** The name a document has by its content: what the persisted-query protocol and our manifest call it. */
import { createHash } from "node:crypto";

/** SHA-256 of the UTF-8 text, in lower-case hexadecimal. */
export function documentHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function isDocumentHash(id: string): boolean {
  return /^[0-9a-f]{64}$/.test(id);
}
