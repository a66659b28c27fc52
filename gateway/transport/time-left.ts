/** Until when a request has to be answered, as it concerns one of its calls. */
import type { GatewayContext } from "../ports.ts";

/**
 * At most `mostMs`, less when the request has less left.
 * @returns whole milliseconds
 * @throws Error when its time is over
 */
export function timeLeft({ deadline }: Pick<GatewayContext, "deadline">, mostMs: number): number {
  if (deadline === undefined) return mostMs;
  const left = Math.ceil(deadline - performance.now());
  if (left <= 0) throw new Error("the request has taken all the time it had");
  return left < mostMs ? left : mostMs;
}
