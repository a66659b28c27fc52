// The shop of hinted-shop.ts behind an entity cache, and what is asked of it.
import { createEntityCache } from "../../../../gateway/cache/entity/entity-cache.ts";
import type { GatewayContext } from "../../../../gateway/ports.ts";
import { isJsonObject } from "../../../../gateway/transport/json-object.ts";
import {
  type SubgraphAnswer,
  type SubgraphRequest,
  subgraphOperation,
} from "../../../../gateway/transport/subgraph-client.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { newTrace } from "../../../../platform/tracing/trace-context.ts";
import { userWith } from "../../../support/identities.ts";
import { hintedShop } from "./hinted-shop.ts";

const logger = createLogger({ name: "test", level: "silent" });

export function member(
  userId: string,
  permissions: readonly string[] = ["read"],
  organizationId = "org_1",
): GatewayContext {
  const identity = userWith({ userId, sessionId: "ses", grants: { [organizationId]: permissions } });
  return { identity, client: {}, trace: newTrace(), logger, forwardedHeaders: {} };
}

const representation = (id: string, type = "Product") => JSON.stringify({ __typename: type, id });

export function entities(selection: string, ids: readonly string[], type = "Product"): SubgraphRequest {
  const text = `query($representations:[_Any!]!){_entities(representations:$representations){...on ${type}{${selection}}}}`;
  return {
    operation: subgraphOperation(text, undefined, "query"),
    variables: {},
    representations: { texts: ids.map((id) => representation(id, type)) },
  };
}

export const query = (text: string, variables = {}): SubgraphRequest => ({
  operation: subgraphOperation(text, undefined, "query"),
  variables,
  representations: undefined,
});

interface Question {
  readonly request: SubgraphRequest;
  readonly ids: readonly string[];
  answer(answer: Partial<SubgraphAnswer>): void;
}

/** A cache before a subgraph that answers at once, or, when `held`, as it is told to. */
export function shop(held = false) {
  let now = 1_000_000;
  let version = 0;
  const asked: Question[] = [];
  const passed: SubgraphRequest[] = [];
  const cache = createEntityCache({ clock: { now: () => new Date(now) }, maxWeight: 1_000_000 });
  const client = cache.wrap(
    hintedShop,
    "shop",
    (request) => {
      const ids = (request.representations?.texts ?? []).map((text) => String(JSON.parse(text).id));
      const { promise, resolve } = Promise.withResolvers<SubgraphAnswer>();
      const answer = (given: Partial<SubgraphAnswer>) => resolve({ data: null, errors: [], shared: false, ...given });
      asked.push({ request, ids, answer });
      if (!held) answer({ data: { _entities: ids.map((id) => ({ id, name: `${id} v${version}` })) } });
      return promise;
    },
    async (request) => {
      passed.push(request);
      return { data: {}, errors: [], shared: false };
    },
  );
  return {
    asked,
    passed,
    cache,
    client,
    change: (...ids: string[]) => {
      version += 1;
      return cache.invalidateTags(ids.map((id) => `entity:${id}`));
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

export const names = ({ data }: SubgraphAnswer) => {
  const list: unknown = data?.["_entities"];
  return Array.isArray(list) ? list.map((item: unknown) => (isJsonObject(item) ? item["name"] : item)) : list;
};
