import fc from "fast-check";
import { expect, test } from "vitest";
import { createPasswordHasher, passwordErrors } from "../../../../subgraphs/user/credentials/passwords.ts";
import { processorMs } from "../../../support/processor-time.ts";

const codes = (password: string) => passwordErrors(password).map(({ code }) => code);

test("a new password is refused when bcrypt would not read all of it [AU-05]", () => {
  expect(codes("p".repeat(72))).toEqual([]);
  expect(codes("p".repeat(73))).toEqual(["TOO_LONG"]);
  expect(codes("😀".repeat(18))).toEqual([]);
  expect(codes("😀".repeat(19))).toEqual(["TOO_LONG"]);
  expect(codes("a password\0 with NUL")).toEqual(["INVALID"]);
  expect(codes("")).toEqual(["BLANK"]);
  expect(codes("eleven char")).toEqual(["INVALID"]);
});

test("whatever is accepted is told apart from itself with a tail [AU-05]", async () => {
  const passwords = createPasswordHasher(4);
  const accepted = fc
    .string({ minLength: 12, maxLength: 80, unit: "binary" })
    .filter((text) => codes(text).length === 0);
  await fc.assert(
    fc.asyncProperty(accepted, fc.string({ minLength: 1, maxLength: 5, unit: "binary" }), async (password, tail) => {
      const hash = await passwords.hash(password);
      expect(await passwords.verify(password, hash)).toBe(true);
      expect(await passwords.verify(password + tail, hash)).toBe(false);
    }),
    { numRuns: 40 },
  );
});

test("an unknown account takes as long as a known one, and never matches", async () => {
  const passwords = createPasswordHasher(10);
  const hash = await passwords.hash("correct horse battery");
  const verify = (storedHash: string | undefined) =>
    processorMs(async () => expect(await passwords.verify("a wrong password", storedHash)).toBe(false));
  const spent: { readonly known: number; readonly unknown: number }[] = [];
  // In turns, so that both are measured at the same pace of the machine; hashing is all that takes the processor.
  for (let round = 0; round < 7; round += 1) {
    spent.push({ known: await verify(hash), unknown: await verify(undefined) });
  }
  const fastestKnown = Math.min(...spent.map((round) => round.known));
  const unknown = Math.min(...spent.map((round) => round.unknown));
  expect(unknown / fastestKnown).toBeGreaterThan(0.5);
  expect(unknown / fastestKnown).toBeLessThan(2);
});

test("a crowd is hashed one after the other, and who is one too many is told to come again", async () => {
  const passwords = createPasswordHasher(4);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 300 }, () => passwords.verify("correct horse battery", undefined)),
  );
  const refused = outcomes.filter(({ status }) => status === "rejected");
  expect(refused.length).toBeGreaterThan(0);
  for (const outcome of refused) {
    expect(outcome).toMatchObject({ reason: { code: "SERVICE_UNAVAILABLE", details: { retryAfterSeconds: 1 } } });
  }
  expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(51);
  expect(await passwords.verify("correct horse battery", await passwords.hash("correct horse battery"))).toBe(true);
});
