import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { envelopeSchema } from "../../../../platform/events/envelope.ts";
import { createHandlerRetries } from "../../../../platform/events/handler-retries.ts";
import { envelopeText } from "../../gateway/live/memory-log.ts";

const EVENT = envelopeSchema.parse(JSON.parse(envelopeText("key-1", 1)));
const AWAY = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });

/** @param outcomes of the attempts, in order: an error, or `undefined` for a commit */
function retriesOf(outcomes: readonly (Error | undefined)[]) {
  const left = [...outcomes];
  const numbers: number[] = [];
  const during: boolean[] = [];
  const leaving = new AbortController();
  const retries = createHandlerRetries({
    policy: { attempts: 3, baseMs: 1, capMs: 1 },
    async attempt(_event, number) {
      numbers.push(number);
      const outcome = left.shift();
      if (outcome !== undefined) throw outcome;
    },
    clock: { now: () => new Date(0) },
    logger: pino({ level: "silent" }),
    async sleep() {
      during.push(retries.outageSince() !== undefined);
      if (left.length === 0) leaving.abort();
    },
    random: () => 0,
  });
  return { retries, numbers, during, carryOut: () => retries.carryOut(EVENT, leaving.signal) };
}

describe("an event's handler", () => {
  test("is given up after the last attempt, with its reason", async () => {
    const [first, second, last] = [new Error("first"), new Error("second"), new Error("last")];
    const { carryOut, numbers } = retriesOf([first, second, last]);
    expect(await carryOut()).toEqual({ attempts: 3, error: last });
    expect(numbers).toEqual([1, 2, 3]);
  });

  test("waits while our store is away, which counts no attempt", async () => {
    const { retries, carryOut, numbers, during } = retriesOf([AWAY, AWAY, new Error("once"), undefined]);
    expect(await carryOut()).toBeUndefined();
    expect(numbers).toEqual([1, 1, 1, 2]);
    expect(during).toEqual([true, true, true]);
    expect(retries.outageSince()).toBeUndefined();
  });

  test("leaves no outage behind when its partition is given back: nobody else would end it", async () => {
    const { retries, carryOut, during } = retriesOf([AWAY]);
    await expect(carryOut()).rejects.toThrow();
    expect(during).toEqual([true]);
    expect(retries.outageSince()).toBeUndefined();
  });
});
