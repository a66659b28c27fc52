/** Calls one of several processes: for those who make few calls, and bear that one comes twice. */

export interface FirstAnswerOptions {
  /** Without a path, in the order in which they are tried. */
  readonly addresses: readonly string[];
  readonly path: string;
  readonly init: RequestInit;
  /** Of all tries together. */
  readonly timeoutMs: number;
}

/**
 * The answer of the first address that gives one, whatever its status. A silent one leaves time for the others.
 * @throws the failure of the last
 */
export async function firstAnswer({ addresses, path, init, timeoutMs }: FirstAnswerOptions): Promise<Response> {
  let failure: unknown = new Error("the service has no address");
  const end = performance.now() + timeoutMs;
  for (const [index, address] of addresses.entries()) {
    const share = Math.max(1, Math.ceil((end - performance.now()) / (addresses.length - index)));
    try {
      const signal = AbortSignal.timeout(share);
      return await fetch(new URL(path, address), { ...init, redirect: "error", signal });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
