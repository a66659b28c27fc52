// JSON as webhooks and ingest edges take it: snake_case outside, values of the domain inside. The edges themselves come
// with the payment provider and with usage; these samples hold what they will be written against.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { idPrefix } from "../../../../platform/ids.ts";
import { instant, snakeCase } from "../../../../platform/validation/snake-case.ts";

const FOLDER = join(import.meta.dirname, "../../../fixtures/edges");
const sampleOf = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));

const amount = z.codec(z.string().regex(/^-?\d+$/), z.bigint(), { decode: BigInt, encode: String });
const organizationId = z.string().refine((text) => idPrefix(text) === "org");

const edges = {
  "payment-webhook": snakeCase(
    // A provider adds members as it likes.
    z.object({
      eventId: z.string(),
      eventType: z.enum(["charge.succeeded", "charge.failed"]),
      createdAt: instant,
      attemptCount: z.int(),
      charge: z.object({
        chargeId: z.string(),
        amountMinor: amount,
        currency: z.string(),
        failureCode: z.string().nullable(),
        refunds: z.array(z.object({ refundId: z.string() })),
      }),
      metadata: z.record(z.string(), z.string()),
    }),
  ),
  "usage-ingest": snakeCase(
    z.strictObject({
      organizationId,
      records: z.array(
        z.strictObject({ meter: z.string(), quantity: amount, recordedAt: instant, dedupKey: z.string() }),
      ),
    }),
  ),
};

test("every sample of an edge is read by a schema [S23]", () => {
  expect(readdirSync(FOLDER).map((file) => file.replace(".json", ""))).toEqual(Object.keys(edges));
});

test("a webhook becomes values of the domain and the same JSON again, byte for byte [S23]", () => {
  const codec = edges["payment-webhook"];
  const sample = sampleOf("payment-webhook");
  const event = codec.read(sample);
  expect(event).toMatchObject({
    eventType: "charge.failed",
    createdAt: new Date("2026-11-28T10:00:00.000Z"),
    charge: { amountMinor: 900n, failureCode: "card_declined" },
    metadata: { "Sent By": "billing" },
  });
  expect(JSON.stringify(codec.write(event))).toBe(JSON.stringify(sample));
});

test("an ingested batch becomes values of the domain and the same JSON again, byte for byte [S23]", () => {
  const codec = edges["usage-ingest"];
  const sample = sampleOf("usage-ingest");
  const batch = codec.read(sample);
  expect(batch.records.map(({ quantity, recordedAt }) => [quantity, recordedAt.getTime()])).toEqual([
    [25n, Date.UTC(2026, 10, 28, 10)],
    [-1n, Date.UTC(2026, 10, 28, 10, 0, 0, 250)],
  ]);
  expect(JSON.stringify(codec.write(batch))).toBe(JSON.stringify(sample));
});

test("samples of edges have members in snake_case, moments in UTC and amounts as text [S23]", () => {
  const names = (value: unknown): string[] =>
    Array.isArray(value)
      ? value.flatMap(names)
      : typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([name, member]) => (name === "metadata" ? [name] : [name, ...names(member)]))
        : [];
  for (const name of Object.keys(edges)) {
    expect(names(sampleOf(name)).filter((member) => !/^[a-z]+(_[a-z0-9]+)*$/.test(member))).toEqual([]);
  }
});
