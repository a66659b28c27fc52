// Two gateways with a response cache each, and random schedules of writes, events, reads and their loads: nobody is
// shown an answer that is older than the last event of their gateway, or than their own writes through it. Nobody is
// shown another tenant's answer.
import fc from "fast-check";
import { parse } from "graphql";
import { pino } from "pino";
import { expect, test } from "vitest";
import { tagsOf } from "../../../../../gateway/cache/event-eviction.ts";
import type { EventSources } from "../../../../../gateway/cache/event-sources.ts";
import { createResponseCache } from "../../../../../gateway/cache/response/response-cache.ts";
import type { Identity } from "../../../../../platform/auth/identity.ts";
import { userWith } from "../../../../support/identities.ts";
import { generationOf } from "./graph.ts";
import { canonical } from "./reader-of.ts";

const generation = generationOf(`
  type Query { doc(id: ID!): Doc docs: [Doc!] mine: Note }
  type Doc @key(fields: "id") @cacheControl(maxAge: 60, scope: ORGANIZATION) { id: ID! version: Int! }
  type Note @key(fields: "id") @cacheControl(maxAge: 60) { id: ID! version: Int! }`);

const TENANTS = ["o1", "o2"] as const;
type Tenant = (typeof TENANTS)[number];
const VIEWERS: readonly { readonly tenant: Tenant; readonly identity: Extract<Identity, { kind: "USER" }> }[] =
  TENANTS.flatMap((tenant) =>
    ["a", "b"].map((name) => ({
      tenant,
      identity: userWith({
        userId: `${tenant}-${name}`,
        sessionId: `s-${tenant}-${name}`,
        grants: { [tenant]: ["read"] },
      }),
    })),
  );

/** Both tenants name things alike. */
const IDS = ["1", "2"] as const;
/** Places of the questions that are not about one document. */
const LIST = IDS.length;
const NOTE = IDS.length + 1;
const QUESTIONS = [
  ...IDS.map((id) => ({ text: "query Doc($id: ID!) { doc(id: $id) { version } }", variables: { id } })),
  { text: "{ docs { version } }", variables: undefined },
  { text: "{ mine { version } }", variables: undefined },
] as const;

interface Change {
  readonly tenant: Tenant;
  /** Of a document, or of somebody's note. */
  readonly id: string;
  readonly viewer?: string;
}

interface Told {
  readonly tenant: Tenant;
  readonly viewer: string | undefined;
  /** How often what was read had been changed; of a list, the changes of all its documents. */
  readonly changes: number;
}

/** @param sources whose own events alone are relied upon, if anybody's are */
function world(sources: EventSources) {
  const changes: Change[] = [];
  const count = (seen: readonly Change[], tenant: Tenant, question: number, viewer: string): number =>
    seen.filter((change) => {
      if (change.tenant !== tenant) return false;
      if (question === NOTE) return change.viewer === viewer;
      return change.viewer === undefined && (question === LIST || change.id === IDS[question]);
    }).length;
  const existing = (tenant: Tenant) => [
    ...new Set(changes.filter((each) => each.tenant === tenant && each.viewer === undefined).map(({ id }) => id)),
  ];

  function gateway() {
    const cache = createResponseCache({
      schema: { current: () => generation, onChange: () => () => undefined },
      maxBytes: 1_000_000,
      clock: { now: () => new Date(0) },
      sources,
      showInExtensions: false,
      parse,
    });
    const loads: (() => void)[] = [];
    let delivered = 0;
    /** Beside what events told: this gateway's own writes. */
    const attributed = new Set<Change>();
    const evict = (change: Change) => {
      attributed.add(change);
      const data = change.viewer === undefined ? { docId: change.id } : { noteId: change.id };
      const key = change.viewer ?? change.tenant;
      const subject = change.viewer ?? change.id;
      const orgid = change.viewer === undefined ? { orgid: change.tenant } : {};
      return cache.invalidateTags(tagsOf({ type: "one.note.changed.v1", subject, partitionkey: key, ...orgid, data }));
    };

    async function read(viewer: (typeof VIEWERS)[number], question: number, past: boolean): Promise<void> {
      const { text, variables } = QUESTIONS[question] ?? QUESTIONS[0];
      const { identity, tenant } = viewer;
      const least = count([...attributed], tenant, question, identity.userId);
      const operation = cache.operation(text, undefined);
      if (operation === undefined) throw new Error("it may be kept");
      const lookup = await cache.find(operation, variables, { identity, forwardedHeaders: {} }, past);
      let body: Buffer;
      if (lookup.kind === "hit") body = lookup.answer.body;
      else {
        const { filling } = lookup;
        if (filling === undefined) throw new Error("everybody may fill");
        // Asks the subgraph now, and has its answer some time later.
        const shown: Told = {
          tenant,
          viewer: question === NOTE ? identity.userId : undefined,
          changes: count(changes, tenant, question, identity.userId),
        };
        const item = (id: string) => ({ version: shown.changes, id });
        const id = IDS[question];
        const data =
          question === NOTE
            ? { mine: { version: shown.changes, id: `note-${identity.userId}` } }
            : question === LIST
              ? { docs: existing(tenant).map(item) }
              : { doc: id !== undefined && existing(tenant).includes(id) ? item(id) : null };
        await new Promise<void>((resolve) => loads.push(resolve));
        const context = { identity, composition: filling.composition };
        const document = parse(text);
        cache.inspection(generation, document, undefined, canonical(generation, document).names)?.inspect(data, {
          ...context,
          client: {},
          trace: { traceId: "", spanId: "" },
          logger: SILENT,
          forwardedHeaders: {},
        });
        body = Buffer.from(JSON.stringify(shown));
        filling.end(body);
      }
      const shown: Told = JSON.parse(body.toString());
      expect(shown.tenant).toBe(tenant);
      if (question === NOTE) expect(shown.viewer).toBe(identity.userId);
      expect(shown.changes).toBeGreaterThanOrEqual(least);
    }

    return {
      read,
      evict,
      loads,
      async deliver() {
        const change = changes[delivered];
        if (change === undefined) return;
        delivered += 1;
        await evict(change);
      },
    };
  }

  return { changes, gateways: [gateway(), gateway()] as const };
}

const SILENT = pino({ level: "silent" });

const step = fc.oneof(
  fc.record({ do: fc.constant("write" as const), tenant: fc.nat(1), id: fc.nat(IDS.length - 1), through: fc.nat(1) }),
  fc.record({ do: fc.constant("note" as const), viewer: fc.nat(3), through: fc.nat(1) }),
  fc.record({ do: fc.constant("deliver" as const), through: fc.nat(1) }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant("load" as const), through: fc.nat(1), which: fc.nat(20) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("read" as const),
      viewer: fc.nat(3),
      question: fc.nat(NOTE),
      through: fc.nat(1),
      past: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
    }),
  },
);

test.each([
  { sources: "all", sourceNames: [] },
  { sources: "its own", sourceNames: ["one"] },
])(
  "no schedule of writes, $sources events and reads over two gateways shows anything old or anybody else's [CA-07]",
  async ({ sourceNames }) => {
    const sources: EventSources = new Map(sourceNames.map((name) => [name, { remembers: false }]));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 150, size: "max" }), async (steps) => {
        const { changes, gateways } = world(sources);
        const reads: Promise<void>[] = [];
        for (const each of steps) {
          const gateway = gateways[each.through === 0 ? 0 : 1];
          if (each.do === "deliver") await gateway.deliver();
          else if (each.do === "load") gateway.loads.splice(each.which % Math.max(1, gateway.loads.length), 1)[0]?.();
          else if (each.do === "read") {
            const viewer = VIEWERS[each.viewer];
            if (viewer !== undefined) reads.push(gateway.read(viewer, each.question, each.past));
          } else {
            const viewer = each.do === "note" ? VIEWERS[each.viewer] : undefined;
            const tenant = viewer?.tenant ?? (each.do === "write" ? TENANTS[each.tenant] : undefined) ?? "o1";
            const id = each.do === "write" ? (IDS[each.id] ?? "1") : `note-${viewer?.identity.userId}`;
            const change: Change = { tenant, id, ...(viewer === undefined ? {} : { viewer: viewer.identity.userId }) };
            changes.push(change);
            // Before the writer has their answer; other gateways follow by event.
            await gateway.evict(change);
          }
          // Whatever can go on does.
          for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
        }
        for (const { loads } of gateways) {
          while (loads.length > 0) {
            loads.shift()?.();
            for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
          }
        }
        await Promise.all(reads);
      }),
      { numRuns: 300 },
    );
  },
);
