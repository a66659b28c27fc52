/**
 * Limits of input values, declared once: the subgraphs check them, the web client shows them before a request is sent.
 * Lengths of free text count code points of the cleaned text.
 */
export const constraints = {
  displayName: { min: 1, max: 80 },
  /** `maxBytes`: bcrypt reads no more than 72 bytes, so a longer password would be cut silently. */
  password: { min: 12, maxBytes: 72 },
  email: { max: 254 },
  device: { min: 1, max: 120 },
  roleName: { min: 1, max: 40 },
  apiKeyName: { min: 1, max: 80 },
  passkeyName: { min: 1, max: 80 },
  organizationName: { min: 2, max: 80 },
  /** Why an operator does something. */
  reason: { min: 1, max: 200 },
  /** Beginnings of words. */
  search: { max: 100 },
  slug: { min: 3, max: 40, pattern: "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])$" },
  planName: { min: 1, max: 80 },
  trialDays: { min: 0, max: 730 },
  /** Lines of a postal address, the name above it, its town and region. */
  addressLine: { min: 1, max: 120 },
  postalCode: { min: 1, max: 20 },
  taxId: { min: 1, max: 40 },
  quantity: { min: 1, max: 10_000 },
  usageQuantity: { min: 1, max: 1_000_000_000_000 },
  /** When something was used that is recorded now. */
  usageAt: { maxAgeDays: 35 },
  /** Of one delivery by HTTP. */
  usageRecords: { min: 1, max: 500 },
  idempotencyKey: { min: 8, max: 128 },
} as const;
