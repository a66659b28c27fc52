/** Looks into the DNS of domains. */
import { Resolver } from "node:dns/promises";
import { domainToASCII } from "node:url";
import { RECORD_LABEL } from "../domain/identity-provider.ts";

export interface DomainRecords {
  /**
   * The texts that stand at a domain's place for us.
   * @throws Error when nobody answers for the domain
   */
  find(domain: string): Promise<readonly string[]>;
}

const TIMEOUT_MS = 2_000;
const TRIES = 2;
/** There is no such name, or it has no such record. */
const NOTHING = new Set(["ENOTFOUND", "ENODATA"]);

/** @param servers in place of those of this machine, e.g. `127.0.0.1:5353` */
export function createDomainRecords(servers: readonly string[] | undefined): DomainRecords {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers !== undefined) resolver.setServers([...servers]);
  return {
    async find(domain) {
      try {
        const records = await resolver.resolveTxt(`${RECORD_LABEL}.${domainToASCII(domain)}`);
        return records.map((parts) => parts.join(""));
      } catch (error) {
        if (error instanceof Error && "code" in error && NOTHING.has(String(error.code))) return [];
        throw error;
      }
    },
  };
}
