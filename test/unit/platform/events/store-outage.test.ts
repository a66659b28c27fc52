import { expect, test } from "vitest";
import { AppError } from "../../../../platform/errors/app-error.ts";
import { isStoreOutage } from "../../../../platform/events/store-outage.ts";

const withCode = (code: string) => Object.assign(new Error("failed"), { code });

test.each([
  ["a refused connection", withCode("ECONNREFUSED")],
  ["every address refused", new AggregateError([withCode("ECONNREFUSED")], "")],
  ["Postgres shutting down", withCode("57P01")],
  ["any connection exception", withCode("08006")],
  ["Prisma not reaching the server", withCode("P1001")],
  ["Prisma's pool exhausted", withCode("P2024")],
  [
    "a raw query whose driver lost the server",
    Object.assign(withCode("P2010"), {
      meta: { driverAdapterError: { cause: { originalCode: "57P01", kind: "postgres" } } },
    }),
  ],
  ["a terminated connection", new Error("Connection terminated unexpectedly")],
  [
    "a transaction that got no connection",
    Object.assign(new Error("Unable to start a transaction in the given time."), { code: "P2028" }),
  ],
  ["an unreachable event log", new Error("outer", { cause: new AppError("EVENT_LOG_UNAVAILABLE", "away") })],
])("%s is an outage of our store", (_, error) => {
  expect(isStoreOutage(error)).toBe(true);
});

test.each([
  ["a handler's own error", new Error("cannot be handled")],
  ["a broken constraint", withCode("23505")],
  [
    "a transaction that ran too long",
    Object.assign(new Error("Transaction already closed: A query cannot be executed on an expired transaction."), {
      code: "P2028",
    }),
  ],
  ["a refusal", new AppError("STATE_INVALID", "no")],
  ["nothing", undefined],
])("%s is not", (_, error) => {
  expect(isStoreOutage(error)).toBe(false);
});
