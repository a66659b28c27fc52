/** A limit to how long somebody waits. */

/**
 * The outcome of `work`, or a rejection with `failure` (made then, or an error of that message) once `ms` milliseconds have passed. The work itself goes on: whoever can stop
 * it has to do so.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, failure: string | (() => Error)): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(typeof failure === "string" ? new Error(failure) : failure()), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
