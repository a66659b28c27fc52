/**
 * Which addresses are public: those that anybody on the internet may reach. What somebody else chose is checked by
 * these rules, so that nobody can have the platform ask its own neighbours (OWASP, server-side request forgery).
 */
import { lookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** Says that an address may not be reached. Its message is for whoever chose the address. */
export class NotPublic extends Error {
  override readonly name = "NotPublic";
}

/** Whether a numeric address may be reached. */
export type AddressRule = (address: string) => boolean;

/** All addresses of a name. */
export type ResolveName = (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/**
 * What is handed out to hosts on the internet (IANA). Outside it lie forms that embed an IPv4 address, as `::127.0.0.1`
 * does, and blocks that nobody has yet.
 */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Neither private nor kept for something else. Forms that embed an IPv4 address (NAT64, 6to4, Teredo) are never
 * public; one that is an IPv4 address (`::ffff:8.8.8.8`) is judged as that.
 */
function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const known = ipaddr.process(address);
  if (known.range() !== "unicast") return false;
  return known instanceof ipaddr.IPv4 || known.match(GLOBAL_UNICAST);
}

/** @throws NotPublic for another scheme than HTTPS, and for an address that is written out and may not be reached */
export function requirePublicUrl({ protocol, hostname }: URL, allows: AddressRule = isPublicAddress): void {
  if (protocol !== "https:") throw new NotPublic("only https is reached");
  const host = hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(host) && !allows(host)) throw new NotPublic("this address is not public");
}

const resolveBySystem: ResolveName = (name) => lookup(name, { all: true });

/**
 * Looks a name up for the connection that is about to be made, and refuses it unless all its addresses may be reached.
 * The connection takes these very addresses: a name that answers differently the next time gains nothing.
 */
export function checkedLookup(
  allows: AddressRule = isPublicAddress,
  resolve: ResolveName = resolveBySystem,
): LookupFunction {
  return (hostname, { all, family }, done) => {
    const fits = (each: { readonly family: number }) => !family || `${family}`.endsWith(`${each.family}`);
    const find = async () => {
      const addresses = await resolve(hostname);
      if (!addresses.every(({ address }) => allows(address))) {
        throw new NotPublic("this name has an address that is not public");
      }
      const fitting = addresses.filter(fits);
      if (fitting.length === 0) throw Object.assign(new Error("this name has no address"), { code: "ENOTFOUND" });
      return fitting;
    };
    find().then(
      (found) => {
        const [first] = found;
        if (all === true) done(null, [...found]);
        else done(null, first?.address ?? "", first?.family);
      },
      (error: NodeJS.ErrnoException) => done(error, "", 0),
    );
  };
}
