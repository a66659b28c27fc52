/** Two rows that may not be there together: what Postgres refuses (23505), as Prisma reports it. */

const UNIQUE_VIOLATION = "P2002";

/** Whether another row, also one of a transaction that ran meanwhile, has a value that must be unique. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION;
}
