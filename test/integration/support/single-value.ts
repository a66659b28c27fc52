import { z } from "zod";

/** The only column of the only row that raw SQL returned. */
export function singleValue<Value>(rows: unknown, schema: z.ZodType<Value>): Value {
  const [row] = z.tuple([z.record(z.string(), z.unknown())]).parse(rows);
  return z.tuple([schema]).parse(Object.values(row))[0];
}
