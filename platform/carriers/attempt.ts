/** How one attempt ended: said once, for every way and for whoever gives the turns. */
import { CarrierFailure } from "./carrier.ts";

export type AttemptEnd =
  /** The receiver has it. */
  | { readonly outcome: "TAKEN"; readonly detail: string }
  /** It is worth another attempt. */
  | {
      readonly outcome: "AGAIN";
      readonly detail: string;
      readonly retryAfterMs: number | undefined;
      readonly error: unknown;
    }
  /** There is none: it was the last one, or the receiver will never take it (`permanent`). */
  | { readonly outcome: "OVER"; readonly detail: string; readonly permanent: boolean; readonly error: unknown };

/** Longest `detail`, in characters. */
const MAX_DETAIL = 500;

/**
 * Never rejects. An error that is no `CarrierFailure` is ours: it may be gone the next time, and its words are not for
 * whoever reads `detail`.
 * @param send resolves with what the receiver said
 * @param last whether there is no attempt after it
 */
export async function attempt(send: () => Promise<string>, last: boolean): Promise<AttemptEnd> {
  try {
    return { outcome: "TAKEN", detail: detailOf(await send()) };
  } catch (error) {
    const { message, permanent, retryAfterMs } = error instanceof CarrierFailure ? error : OURS;
    const detail = detailOf(message);
    if (permanent || last) return { outcome: "OVER", detail, permanent, error };
    return { outcome: "AGAIN", detail, retryAfterMs, error };
  }
}

const OURS = { message: "The message could not be prepared.", permanent: false, retryAfterMs: undefined };

function detailOf(text: string): string {
  return text.slice(0, MAX_DETAIL).toWellFormed();
}
