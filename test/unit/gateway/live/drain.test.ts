import { expect, test } from "vitest";
import { drainSockets } from "../../../../gateway/live/drain.ts";
import type { CloseReason } from "../../../../gateway/live/socket/close-codes.ts";
import { restarting } from "../../../../gateway/live/socket/close-codes.ts";

function sockets(count: number, busy: (index: number) => boolean = () => false) {
  const closed: { readonly index: number; readonly reason: CloseReason }[] = [];
  const open = Array.from({ length: count }, (_, index) => {
    const { promise: whenClosed, resolve } = Promise.withResolvers<void>();
    return {
      busy: () => busy(index),
      close(reason: CloseReason) {
        closed.push({ index, reason });
        resolve();
      },
      closed: whenClosed,
    };
  });
  return { open, closed };
}

test("every socket is closed once, in no fixed order", async () => {
  const { open, closed } = sockets(40);
  await drainSockets(open, 50);
  expect(closed.map(({ index }) => index).sort((a, b) => a - b)).toEqual(open.map((_, index) => index));
  expect(closed.map(({ index }) => index)).not.toEqual(open.map((_, index) => index));
  expect(closed.every(({ reason }) => reason.code === 1012)).toBe(true);
});

test("an operation under way is waited for, but not beyond the drain", async () => {
  let asked = 0;
  const { open, closed } = sockets(2, (index) => index === 0 || asked++ < 2);
  const since = performance.now();
  await drainSockets(open, 120);
  expect(closed.map(({ index }) => index)).toEqual([1, 0]);
  expect(performance.now() - since).toBeGreaterThanOrEqual(115);
});

test("a close reason fits into a close frame", () => {
  expect(Buffer.byteLength(restarting(1_000).reason)).toBeLessThanOrEqual(123);
});
