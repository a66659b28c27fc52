/**
 * Calls Redis with a short deadline: an answer comes in time, or none does. An outage or a slow server costs little and
 * causes no error. A key that somebody made another type of is removed: no command on it would ever succeed.
 */
import type { ChainableCommander } from "ioredis";
import { withDeadline } from "../deadline.ts";
import type { RedisConnection } from "../redis/redis-connection.ts";
import type { CacheMeter } from "./cache-meter.ts";

/** After an answer that did not come in time reads pass Redis by for so long: each would wait as long for nothing. */
const PAUSE_MS = 250;

/**
 * The answers in order, or `undefined` when Redis did not give them in time.
 * @param urgent not to be left out because Redis was slow a moment ago
 * @param typedKey the key in it that has a type: removed when somebody else's value of another type is there
 */
export type RedisCall = (
  commands: ChainableCommander,
  urgent?: boolean,
  typedKey?: string,
) => Promise<readonly unknown[] | undefined>;

export function createRedisCall(
  connection: RedisConnection,
  { timeoutMs, meter }: { readonly timeoutMs: number; readonly meter: CacheMeter },
): RedisCall {
  let pausedUntil = Number.NEGATIVE_INFINITY;

  const late = () => {
    pausedUntil = performance.now() + PAUSE_MS;
    return new Error(`no answer within ${timeoutMs} ms`);
  };

  async function replace(key: string): Promise<void> {
    await withDeadline(connection.client.unlink(key), timeoutMs, late).catch(() => undefined);
  }

  return async (commands, urgent = false, typedKey) => {
    try {
      if (!connection.ready) throw new Error("Redis is away");
      if (!urgent && performance.now() < pausedUntil) throw new Error("Redis is slow");
      const answers = await withDeadline(commands.exec(), timeoutMs, late);
      return (answers ?? []).map(([error, answer]) => {
        if (error !== null) throw error;
        return answer;
      });
    } catch (error) {
      if (typedKey !== undefined && isOtherType(error)) await replace(typedKey);
      meter.count("errors");
      return undefined;
    }
  };
}

/** Redis refuses a command on a key that holds another type of value. */
const isOtherType = (error: unknown) => error instanceof Error && error.message.startsWith("WRONGTYPE");
