/**
 * Fetches from addresses that somebody else chose, such as a customer's identity provider. It reaches public addresses
 * alone, over HTTPS, and follows no redirect: nobody can have the platform ask its own neighbours (OWASP, server-side
 * request forgery). The address is looked at where the connection is made, so that a name cannot change in between.
 */
import { lookup as lookUp } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { Agent, fetch } from "undici";

export interface PublicFetchOptions {
  /** Whether private addresses may be reached, too, and plain HTTP: on a developer's machine. */
  readonly allowPrivate: boolean;
  /** Of one request with its answer, in milliseconds. */
  readonly timeoutMs: number;
  /** An answer that is longer is refused. */
  readonly maxBytes: number;
}

export interface PublicRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
}

/** Rejects with an Error for what may not be reached, does not answer in time, or answers too much. */
export type PublicFetch = (url: string, request: PublicRequest) => Promise<Response>;

export function createPublicFetch({ allowPrivate, timeoutMs, maxBytes }: PublicFetchOptions): PublicFetch {
  const agent = new Agent({
    connect: { timeout: timeoutMs, ...(allowPrivate ? {} : { lookup: lookUpPublic }) },
    maxResponseSize: maxBytes,
  });
  return async (address, { method = "GET", headers = {}, body = null }) => {
    const url = new URL(address);
    if (!allowPrivate) requirePublic(url);
    const response = await fetch(url, {
      ...{ method, headers, body, dispatcher: agent, redirect: "manual" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    const { status } = response;
    // A status without a body takes none.
    return new Response(status === 204 || status === 304 ? null : text, { status, headers: [...response.headers] });
  };
}

/** @throws Error for plain HTTP and for a private address that is written out */
function requirePublic({ protocol, hostname }: URL): void {
  if (protocol !== "https:") throw new Error("only https is reached");
  const host = hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(host) && !isPublic(host)) throw new Error("this address is not public");
}

function isPublic(address: string): boolean {
  return ipaddr.process(address).range() === "unicast";
}

const lookUpPublic: LookupFunction = (hostname, options, done) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      done(error, "", 0);
      return;
    }
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublic(address))) {
      done(new Error("this name has an address that is not public"), "", 0);
      return;
    }
    if (options.all === true) done(null, addresses);
    else done(null, first.address, first.family);
  });
};
