// What the platform's hints and sources rely on: which events name what, and whose fields are whose.
import { readdirSync, readFileSync } from "node:fs";
import { parse } from "graphql";
import { expect, test } from "vitest";
import { z } from "zod";
import { PLATFORM_SOURCES, sourceOfType } from "../../../../gateway/cache/event-sources.ts";
import { createContentsReader } from "../../../../gateway/cache/response/answer-contents.ts";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";

const EVENTS = new URL("../../../../schema/events/", import.meta.url);
const generation = buildGeneration(
  readFileSync(new URL("../../../../schema/generated/supergraph.graphql", import.meta.url), "utf8"),
);
const contract = z.object({ required: z.array(z.string()).default([]) });
const types = readdirSync(EVENTS).filter((name) => /\.v\d+\.json$/.test(name));

test.each([
  ["billing.payment.", "invoiceId"],
  ["billing.invoice.", "accountId"],
  ["billing.subscription.", "accountId"],
  ["user.membership.", "userId"],
])("every event %s… names its %s, by which lists go that a hint's tags speak for", (prefix, id) => {
  const concerned = types.filter((name) => name.startsWith(prefix));
  expect(concerned.length).toBeGreaterThan(0);
  for (const name of concerned) {
    const { required } = contract.parse(JSON.parse(readFileSync(new URL(name, EVENTS), "utf8")));
    expect(required, name).toContain(id);
  }
});

test("every event of the platform has a source that is known", () => {
  expect(new Set(types.map(sourceOfType))).toEqual(new Set(PLATFORM_SOURCES.keys()));
});

test("of every field that is kept it is known whose events change it", () => {
  const sourcesOf = (text: string) =>
    [...createContentsReader(generation, parse(text), undefined, PLATFORM_SOURCES).read({}).sources].sort();
  expect(sourcesOf("{ viewer { user { id displayName } memberships { edges { node { roles { name } } } } } }")).toEqual(
    ["user"],
  );
  expect(sourcesOf('{ invoice(id: "1") { number total { amountMinor } payments { status } } }')).toEqual(["billing"]);
  const account = "billingAccount { amountDue { currency } subscriptions { edges { node { plan { code } } } } }";
  expect(sourcesOf(`{ organization(id: "1") { name members { pageInfo { hasNextPage } } ${account} } }`)).toEqual([
    "billing",
    "user",
  ]);
  expect(sourcesOf('{ organization(id: "1") { auditLog { edges { node { hash actor { user { id } } } } } } }')).toEqual(
    ["audit", "user"],
  );
  const log = '{ organization(id: "1") { auditLog { edges { node { hash } } } } }';
  const data = { organization: { key_of_Organization_id: "1", auditLog: { edges: [] } } };
  const { open } = createContentsReader(generation, parse(log), undefined, PLATFORM_SOURCES).read(data);
  expect([...open]).toEqual(["audit"]);
});
