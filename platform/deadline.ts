/** A limit to how long somebody waits. */

/**
 * The outcome of `work`, or a rejection with `message` once `ms` milliseconds have passed. The work itself goes on: whoever can stop
 * it has to do so.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, message: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(message)), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
