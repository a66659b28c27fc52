// Names of organisations that are changed with and without Redis: whoever reads one afterwards must get the new one.
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { LoadClient } from "../http-client.ts";
import { readOneEntity } from "../operations.ts";
import type { Tenant } from "../population.ts";

const EVERY_MS = 500;
/** Between two changes, so that they are no burst. */
const BETWEEN_MS = 150;
const CHANGE =
  "mutation($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { organization { version } userErrors { code } } }";
const changedSchema = z.object({
  data: z.object({
    organizationUpdate: z.object({
      organization: z.object({ version: z.int() }),
      userErrors: z.array(z.unknown()).max(0),
    }),
  }),
});
const readSchema = z.object({ data: z.object({ organization: z.object({ name: z.string() }) }) });

export interface NamesRead {
  /** After the change. */
  readonly reads: number;
  readonly stale: number;
  readonly failed: number;
}

export function watchNames(
  client: LoadClient,
  tenants: readonly Tenant[],
): { /** Rejects when a change fails. */ change(): Promise<void>; stop(): Promise<NamesRead> } {
  /** As they were answered, and as they were sent last. */
  const [names, sent] = [new Map<Tenant, string>(), new Map<Tenant, string>()];
  let [reads, stale, failed] = [0, 0, 0];
  let over = false;

  async function change(tenant: Tenant): Promise<void> {
    const name = `Works of ${performance.now()}`;
    const input = { id: tenant.organizationId, expectedVersion: tenant.version, name };
    sent.set(tenant, name);
    const body = JSON.stringify({ query: CHANGE, variables: { input } });
    const { text } = await client.post(tenant.member.accessToken, body);
    const { organization } = changedSchema.parse(JSON.parse(text)).data.organizationUpdate;
    tenant.version = organization.version;
    names.set(tenant, name);
  }

  async function look(): Promise<void> {
    for (const [tenant, name] of names) {
      reads += 1;
      try {
        const { text } = await client.post(tenant.member.accessToken, readOneEntity(tenant).body);
        const read = readSchema.parse(JSON.parse(text)).data.organization.name;
        if (read !== name && read !== sent.get(tenant)) stale += 1;
      } catch {
        failed += 1;
      }
    }
  }

  const watching = (async () => {
    while (!over) {
      await look();
      // Nobody may stop it after a failure: it must not hold the process.
      await pause(EVERY_MS, undefined, { ref: false });
    }
    await look();
  })();
  return {
    async change() {
      for (const tenant of tenants) {
        await change(tenant);
        await pause(BETWEEN_MS);
      }
    },
    async stop() {
      over = true;
      await watching;
      return { reads, stale, failed };
    },
  };
}
