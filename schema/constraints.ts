/**
 * Limits of input values, declared once: the subgraphs check them, the web client shows them before a request is sent.
 */
export const constraints = {
  displayName: { min: 1, max: 80 },
  /** `maxBytes`: bcrypt reads no more than 72 bytes, so a longer password would be cut silently. */
  password: { min: 12, maxBytes: 72 },
  email: { max: 254 },
  device: { max: 120 },
  organizationName: { min: 2, max: 80 },
  slug: { min: 3, max: 40, pattern: "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])$" },
  quantity: { min: 1, max: 10_000 },
  idempotencyKey: { min: 8, max: 128 },
} as const;
