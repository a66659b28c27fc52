import { expect, test } from "vitest";
import { evictAfterCommands } from "../../../../gateway/cache/command-eviction.ts";
import type { CacheEviction } from "../../../../gateway/cache/event-eviction.ts";
import type { GatewayContext } from "../../../../gateway/ports.ts";
import { type SubgraphAnswer, subgraphOperation } from "../../../../gateway/transport/subgraph-client.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { newTrace } from "../../../../platform/tracing/trace-context.ts";
import { userWith } from "../../../support/identities.ts";

const change = {
  type: "billing.invoice.paid.v1",
  subject: "inv_1",
  orgid: "org_1",
  partitionkey: "org_1",
  data: { invoiceId: "inv_1" },
};

function caller(): GatewayContext {
  return {
    identity: userWith({ grants: { org_1: ["read"] } }),
    client: {},
    trace: newTrace(),
    logger: createLogger({ name: "test", level: "silent" }),
    forwardedHeaders: {},
  };
}

/** A subgraph that answers with these, in order, and what was evicted by the time each answer was there. */
function subgraph(...answers: Partial<SubgraphAnswer>[]) {
  const evicted: unknown[] = [];
  const note = (what: unknown) =>
    new Promise<void>((resolve) => {
      setImmediate(() => {
        evicted.push(what);
        resolve();
      });
    });
  const eviction: CacheEviction = {
    evict: (events) => note(events.map(({ subject }) => subject)),
    evictTags: note,
    evictAll: () => note("everything"),
  };
  const client = evictAfterCommands(async (_request, context) => {
    const { data = {}, errors = [], ...more } = answers.shift() ?? {};
    if (data?.["replayed"] === true) context.idempotencyReplayed = true;
    return { data, errors, shared: false, ...more };
  }, eviction);
  const send = async (kind: "query" | "mutation" = "mutation") => {
    const operation = subgraphOperation(`${kind}{x}`, undefined, kind);
    await client({ operation, variables: {}, representations: undefined }, caller());
    return evicted.splice(0);
  };
  return { send };
}

const CALLER = ["user:usr_1", "entity:usr_1", "organization:org_1", "entity:org_1"];

test("what a command changed is evicted before it is answered; a query evicts nothing [S34]", async () => {
  const { send } = subgraph({ changes: [change] }, {}, { changes: [] });
  expect(await send()).toEqual([["inv_1"]]);
  expect(await send("query")).toEqual([]);
  expect(await send()).toEqual([[]]);
});

test("a replay evicts what its caller may have changed by the first request", async () => {
  const { send } = subgraph({ changes: [], data: { replayed: true } });
  expect(await send()).toEqual([[], CALLER]);
});

test("a subgraph that never tells what it changed may have changed everything", async () => {
  const { send } = subgraph({}, { errors: [{ message: "no" }] });
  expect(await send()).toEqual(["everything"]);
  expect(await send()).toEqual(["everything"]);
});

test("a command without an answer evicts what its caller may have changed", async () => {
  const { send } = subgraph({ changes: [] }, { data: null, errors: [{ message: "away" }] });
  await send();
  expect(await send()).toEqual([CALLER]);
});
