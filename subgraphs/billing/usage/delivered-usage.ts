/** Records of use as a program delivers them by HTTP: one, or a list. */
import { z } from "zod";
import { type UserError, UserFailure, userError } from "../../../platform/errors/user-failure.ts";
import { constraints } from "../../../schema/constraints.ts";
import type { UsageRecordInput } from "../../../schema/generated/billing.ts";

export type DeliveredRecord = Omit<UsageRecordInput, "organizationId">;

export interface Delivery {
  readonly records: readonly DeliveredRecord[];
  /** A list was delivered: its answer is one, too. */
  readonly isList: boolean;
}

const { max } = constraints.usageRecords;

const TOO_LARGE = "an integer, or one as text where it is beyond 2^53";
const quantity = z
  .union([z.int(), z.string().regex(/^-?\d{1,18}$/)], { error: `A quantity is ${TOO_LARGE}.` })
  .transform((value) => BigInt(value));

const delivered = z.strictObject({
  meter: z.string({ error: "Name the metered feature." }),
  quantity,
  at: z.iso
    .datetime({ offset: true, error: "A moment is like 2026-12-01T10:00:00Z." })
    .transform((text) => new Date(text))
    .nullable()
    .default(null),
  idempotencyKey: z.string({ error: "Give each record an idempotency key, e.g. a UUID." }),
});

const records = z
  .array(delivered, { error: "Send one record, or a list of them." })
  .min(constraints.usageRecords.min, { error: "The list is empty." })
  .max(max, { error: `At most ${max} records are taken at once.` });

/** @throws UserFailure `INVALID` with the place of whatever cannot be read: nothing of the delivery is taken then */
export function readDelivery(body: unknown): Delivery {
  const isList = Array.isArray(body);
  const parsed = records.safeParse(isList ? body : [body]);
  if (parsed.success) return { records: parsed.data, isList };
  throw new UserFailure(parsed.error.issues.map((issue) => unreadable(issue, isList)));
}

function unreadable({ code, message, path }: z.core.$ZodIssue, isList: boolean): UserError {
  const place = path.map(String).slice(isList ? 0 : 1);
  const text = code === "unrecognized_keys" ? "A record has meter, quantity, at and idempotencyKey alone." : message;
  return userError("INVALID", text, ...place);
}
