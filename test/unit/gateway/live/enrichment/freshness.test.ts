import { expect, test } from "vitest";
import type { EntityAnswer } from "../../../../../gateway/live/enrichment/entity-batch.ts";
import type { FetchCall } from "../../../../../gateway/live/enrichment/fetch-batches.ts";
import { createFreshFetches } from "../../../../../gateway/live/enrichment/freshness.ts";
import type { ReadableEvent } from "../../../../../gateway/live/log/event.ts";
import { decodeRecord } from "../../../../../gateway/live/log/event.ts";
import { anonymousContext } from "../../../../support/anonymous-context.ts";
import { envelopeText } from "../memory-log.ts";
import { compiled, LABEL } from "./things-subgraph.ts";

const fetch = compiled(LABEL, ["Thing"]);
const { alias } = fetch.versions;

function event(subject: string, aggregateversion: number): ReadableEvent {
  const value = envelopeText("k", 1, { subject, aggregateversion });
  const decoded = decodeRecord({ topic: "t", partition: 0, offset: 0n, key: "k", value, appendedAt: new Date() });
  if (decoded.envelope === null) throw new Error("no event");
  return decoded;
}

/** Answers one by one; what was asked, with whether caches were passed by. */
function fetchesAnswering(answers: readonly EntityAnswer[]) {
  const asked: { readonly ids: unknown[]; readonly fresh: boolean }[] = [];
  const fetches = createFreshFetches({
    async send({ representations, context }) {
      const ids = representations.map((representation) => (representation as { id: string }).id);
      asked.push({ ids, fresh: context.fresh === true });
      return answers[asked.length - 1] ?? { data: null, errors: [] };
    },
  });
  return { asked, fetches };
}

function call(...ids: string[]): FetchCall {
  const call: Partial<FetchCall> = {
    fetch,
    representations: ids.map((id) => ({ __typename: "Thing", id })),
    context: anonymousContext(),
  };
  return call as FetchCall;
}

const entities = (...found: unknown[]): EntityAnswer => ({ data: { _entities: found }, errors: [] });
const thing = (label: string, version: number) => ({ label, [alias]: version });

test("only what is older than its event is asked for again, past every cache", async () => {
  const { asked, fetches } = fetchesAnswering([
    entities(thing("other", 1), thing("old", 1)),
    entities(thing("old", 1)),
    entities(thing("new", 2)),
  ]);
  const answer = await fetches.send(call("other", "subject"), event("subject", 2));
  expect(answer).toEqual({ data: { _entities: [{ label: "other" }, { label: "new" }] }, errors: [] });
  expect(asked).toEqual([
    { ids: ["other", "subject"], fresh: false },
    { ids: ["subject"], fresh: true },
    { ids: ["subject"], fresh: true },
  ]);
});

test("an entity that is as new as its event or newer is shown at once", async () => {
  const { asked, fetches } = fetchesAnswering([entities(thing("newer", 7))]);
  const answer = await fetches.send(call("subject"), event("subject", 2));
  expect(answer).toEqual(entities({ label: "newer" }));
  expect(asked).toHaveLength(1);
});

test("errors of a repeated read stand at the entity's place and replace those of the old one", async () => {
  const { fetches } = fetchesAnswering([
    {
      data: { _entities: [thing("other", 1), thing("old", 1)] },
      errors: [{ message: "of the old one", path: ["_entities", 1, "label"] }],
    },
    { data: { _entities: [null] }, errors: [{ message: "forbidden now", path: ["_entities", 0] }] },
  ]);
  const answer = await fetches.send(call("other", "subject"), event("subject", 2));
  expect(answer).toEqual({
    data: { _entities: [{ label: "other" }, null] },
    errors: [{ message: "forbidden now", path: ["_entities", 1] }],
  });
});

test("a repeated read that fails leaves the entity an error, never the old one", async () => {
  const { asked, fetches } = fetchesAnswering([entities(thing("old", 1))]);
  const answer = await fetches.send(call("subject"), event("subject", 2));
  expect(answer.data).toEqual({ _entities: [null] });
  expect(answer.errors).toMatchObject([
    { path: ["_entities", 0], extensions: { code: "STALE_READ", retryable: true } },
  ]);
  expect(asked).toHaveLength(7);
});
