/** How long a request is waited for, as its caller says. */

/** How many milliseconds are left for an answer. */
export const TIMEOUT_HEADER = "x-tributary-timeout-ms";

/** At most some three hours. */
const WHOLE_MILLISECONDS = /^[1-9]\d{0,6}$/;

/**
 * @param headers of a caller who has proved to be the gateway
 * @returns a time of `performance.now()`; `undefined` where nothing usable is said: whoever sent it gives up by itself
 */
export function deadlineOf(headers: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = headers[TIMEOUT_HEADER];
  if (text === undefined || !WHOLE_MILLISECONDS.test(text)) return undefined;
  return performance.now() + Number(text);
}
