// Two gateways' entity caches before one subgraph whose answers come when chance says so, under reads, writes and
// events in any order.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createEntityCache, type EntityCache } from "../../../../gateway/cache/entity/entity-cache.ts";
import type { GatewayContext } from "../../../../gateway/ports.ts";
import { isJsonObject } from "../../../../gateway/transport/json-object.ts";
import {
  type SubgraphAnswer,
  type SubgraphClient,
  type SubgraphRequest,
  subgraphOperation,
} from "../../../../gateway/transport/subgraph-client.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { newTrace } from "../../../../platform/tracing/trace-context.ts";
import { userWith } from "../../../support/identities.ts";
import { hintedShop } from "./hinted-shop.ts";

const logger = createLogger({ name: "test", level: "silent" });
const ORGANIZATIONS = ["org_1", "org_2"] as const;
const IDS = ["1", "2", "3"] as const;
/** Within every product, and asked for by its holder alone. */
const PART = "3";

const MAKERS = "query($representations:[_Any!]!){_entities(representations:$representations){...on Maker{name}}}";
const PRODUCTS =
  "query($representations:[_Any!]!){_entities(representations:$representations){...on Product{name parts{name}}}}";
const operations = {
  Maker: subgraphOperation(MAKERS, undefined, "query"),
  Product: subgraphOperation(PRODUCTS, undefined, "query"),
};

const anId = fc.constantFrom(...IDS);
const aGateway = fc.constantFrom(0, 1);
const anOrganization = fc.constantFrom(...ORGANIZATIONS);
const aStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      gateway: aGateway,
      organization: anOrganization,
      type: fc.constantFrom("Maker" as const, "Product" as const),
      ids: fc.uniqueArray(anId, { minLength: 1, maxLength: 2 }),
      fresh: fc.nat(9).map((chance) => chance === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      gateway: aGateway,
      organization: anOrganization,
      id: anId,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fail" as const) }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant("advance" as const), which: fc.nat(20) }) },
);

/** What is read of an organisation's maker, and of a product, which is everybody's. */
const cell = (type: string, organization: string, id: string) =>
  type === "Maker" ? `${organization} ${id}` : `all ${id}`;

function world() {
  const versions = new Map<string, number>();
  const pending: (() => void | Promise<void>)[] = [];
  let failNext = false;
  const gateways = [0, 1].map(() => {
    const cache = createEntityCache({ clock: systemClock, maxWeight: 1_000_000 });
    const client = cache.wrap(hintedShop, "shop", source, source);
    /** The least version of each cell that this gateway may show. */
    return { cache, client, floors: new Map<string, number>() };
  });
  const versionOf = (key: string) => versions.get(key) ?? 0;

  function source(request: SubgraphRequest, { identity }: GatewayContext): ReturnType<SubgraphClient> {
    const organization = identity.kind === "USER" ? ([...identity.grants.keys()][0] ?? "") : "";
    const { promise, resolve } = Promise.withResolvers<SubgraphAnswer>();
    const fails = failNext;
    failNext = false;
    // It reads some time after it was asked, and is heard some time after that.
    pending.push(() => {
      const entities = (request.representations?.texts ?? []).map((text) => {
        const { __typename: type, id } = JSON.parse(text);
        const name = `${organization} ${versionOf(cell(type, organization, id))}`;
        const part = { name: `- ${versionOf(cell(type, organization, PART))}`, tributary_key_Product_id: PART };
        return type === "Maker" ? { name } : { name: `- ${versionOf(cell(type, organization, id))}`, parts: [part] };
      });
      pending.push(() =>
        resolve(
          fails
            ? { data: { _entities: entities.map(() => null) }, errors: [{ message: "away" }], shared: false }
            : { data: { _entities: entities }, errors: [], shared: false },
        ),
      );
    });
    return promise;
  }

  function hear(gateway: number, key: string, version: number, id: string): Promise<void> {
    const { cache, floors } = gateways[gateway] ?? fail();
    const eviction = cache.invalidateTags([`entity:${id}`]);
    floors.set(key, Math.max(version, floors.get(key) ?? 0));
    return eviction;
  }

  return {
    gateways,
    pending,
    failNext: () => {
      failNext = true;
    },
    write(gateway: number, organization: string, id: string): void {
      for (const type of ["Maker", "Product"]) {
        const key = cell(type, organization, id);
        const version = versionOf(key) + 1;
        versions.set(key, version);
        // The command's own gateway and the event's other one, whichever is first.
        for (const hearer of [gateway, 1 - gateway]) pending.push(() => hear(hearer, key, version, id));
      }
    },
  };
}

function fail(): never {
  throw new Error("no such gateway");
}

function member(organization: string, fresh: boolean): GatewayContext {
  const identity = userWith({ userId: "usr", sessionId: "ses", grants: { [organization]: ["read"] } });
  return { identity, client: {}, trace: newTrace(), logger, forwardedHeaders: {}, fresh };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Seen {
  readonly organization: string;
  readonly version: number;
}

function seen(value: unknown): Seen | undefined {
  if (!isJsonObject(value)) return undefined;
  const [organization = "", version = ""] = String(value["name"]).split(" ");
  return { organization, version: Number(version) };
}

test("no gateway shows what is older than an event it heard before the read, nor another organisation's, in any order of things [CA-07]", async () => {
  let reads = 0;
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { minLength: 60, maxLength: 160 }), async (steps) => {
      const { gateways, pending, write, failNext } = world();
      const running: Promise<void>[] = [];
      const wrong: string[] = [];

      async function read(step: Extract<(typeof steps)[number], { kind: "read" }>): Promise<void> {
        const { gateway, organization, type, ids, fresh } = step;
        const { client, floors } = gateways[gateway] ?? fail();
        const floorOf = (id: string) => floors.get(cell(type, organization, id)) ?? 0;
        const least = new Map([...ids, PART].map((id) => [id, floorOf(id)]));
        const texts = ids.map((id) => JSON.stringify({ __typename: type, id }));
        const answer = await client(
          { operation: operations[type], variables: {}, representations: { texts } },
          member(organization, fresh),
        );
        reads += 1;
        const entities: unknown = answer.data?.["_entities"];
        for (const [at, id] of ids.entries()) {
          const entity: unknown = Array.isArray(entities) ? entities[at] : undefined;
          const parts = isJsonObject(entity) && Array.isArray(entity["parts"]) ? entity["parts"] : [];
          for (const [found, of] of [
            [seen(entity), id],
            [seen(parts[0]), PART],
          ] as const) {
            if (found === undefined) continue;
            if (found.version < (least.get(of) ?? 0))
              wrong.push(`${type} ${of}: ${found.version} after ${least.get(of)}`);
            if (type === "Maker" && found.organization !== organization)
              wrong.push(`${organization} saw ${found.organization}`);
          }
          if (entity == null && answer.errors.length === 0) wrong.push(`${type} ${id} is missing`);
        }
      }

      for (const step of steps) {
        if (step.kind === "read") running.push(read(step));
        else if (step.kind === "write") write(step.gateway, step.organization, step.id);
        else if (step.kind === "fail") failNext();
        else if (pending.length > 0) await pending.splice(step.which % pending.length, 1)[0]?.();
        await settle();
      }
      for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
        await next();
        await settle();
      }
      await Promise.all(running);
      hits += gateways.reduce((sum, { cache }: { readonly cache: EntityCache }) => sum + cache.counters().hits, 0);
      expect(wrong).toEqual([]);
    }),
    { numRuns: 200 },
  );
  // It was a cache that was tested.
  expect(hits).toBeGreaterThan(reads / 50);
});
