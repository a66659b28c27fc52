/**
 * Asks addresses that somebody else chose, such as a customer's identity provider or endpoint. It reaches public
 * addresses alone, over HTTPS, and follows no redirect. The address is looked at where the connection is made, so that
 * a name cannot change in between.
 */
import { Agent, request } from "undici";
import { type AddressRule, checkedLookup, type ResolveName, requirePublicUrl } from "./public-address.ts";

export interface PublicFetchOptions {
  /** Whether private addresses may be reached, too, and plain HTTP: on a developer's machine. */
  readonly allowPrivate: boolean;
  /** Of one request with its answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Most bytes of an answer that are read. */
  readonly maxBytes: number;
  /**
   * `refuse`, the default: an answer that is longer, or that breaks off, is an error. `cut`: an answer counts by its
   * status, with as much of its text as came.
   */
  readonly unfinished?: "refuse" | "cut";
  /** Which addresses are reached; default: public ones. */
  readonly allows?: AddressRule;
  /** Default: as this machine does. */
  readonly resolve?: ResolveName;
}

export interface PublicRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
}

/** Rejects with an Error for what may not be reached (`NotPublic`), does not answer in time, or answers too much. */
export type PublicFetch = (url: string, request: PublicRequest) => Promise<Response>;

export interface ClosablePublicFetch extends PublicFetch {
  /** Ends its connections, once what is under way is answered. */
  close(): Promise<void>;
}

export function createPublicFetch(options: PublicFetchOptions): ClosablePublicFetch {
  const { allowPrivate, timeoutMs, maxBytes, unfinished = "refuse", allows, resolve } = options;
  const agent = new Agent({
    connect: { timeout: timeoutMs, ...(allowPrivate ? {} : { lookup: checkedLookup(allows, resolve) }) },
    maxResponseSize: maxBytes,
  });
  const ask = async (address: string, { method = "GET", headers = {}, body = null }: PublicRequest) => {
    const url = new URL(address);
    if (!allowPrivate) requirePublicUrl(url, allows);
    const answer = await request(url, {
      ...{ method, headers, body, dispatcher: agent },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = unfinished === "cut" ? await whatComes(answer.body) : await answer.body.text();
    const status = answer.statusCode;
    // A status without a body takes none.
    return new Response(status === 204 || status === 304 ? null : text, { status, headers: headersOf(answer.headers) });
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= agent.close();
    return closing;
  };
  return Object.assign(ask, { close });
}

/** The agent breaks an answer off that is too long, the signal one that takes too long. */
async function whatComes(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch {
    // The status is known, and the text is only for whoever wants to see why.
  }
  return Buffer.concat(chunks).toString("utf8");
}

function headersOf(given: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  return headers;
}
