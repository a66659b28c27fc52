import { expect, test } from "vitest";
import type { GatewayContext } from "../../../../gateway/ports.ts";
import { authorizationScope } from "../../../../gateway/transport/authorization-scope.ts";
import { createFetchSharing } from "../../../../gateway/transport/shared-fetches.ts";
import {
  type SubgraphAnswer,
  type SubgraphRequest,
  subgraphOperation,
} from "../../../../gateway/transport/subgraph-client.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { newTrace } from "../../../../platform/tracing/trace-context.ts";
import { userWith } from "../../../support/identities.ts";

const logger = createLogger({ name: "test", level: "silent" });

function caller(userId: string, signal?: AbortSignal): GatewayContext {
  return {
    identity: userWith({ userId }),
    client: {},
    trace: newTrace(),
    logger,
    forwardedHeaders: {},
    ...(signal === undefined ? {} : { signal }),
  };
}

const request = (text: string, kind: "query" | "mutation" = "query"): SubgraphRequest => ({
  operation: subgraphOperation(text, undefined, kind),
  variables: {},
  representations: undefined,
});

/** A subgraph that answers when it is told to. */
function subgraph() {
  const asked: { readonly context: GatewayContext; answer(data: Record<string, unknown>): void; fail(): void }[] = [];
  const client = createFetchSharing(authorizationScope).share((_request, context) => {
    const { promise, resolve } = Promise.withResolvers<SubgraphAnswer>();
    asked.push({
      context,
      answer: (data) => resolve({ data, errors: [], shared: false }),
      fail: () => resolve({ data: null, errors: [{ message: "no answer" }], shared: false }),
    });
    return promise;
  });
  return { asked, client };
}

test("equal questions of one caller that are under way are asked once, later ones anew", async () => {
  const { asked, client } = subgraph();
  const ada = caller("ada");
  const both = [client(request("{ a }"), ada), client(request("{ a }"), ada)];
  expect(asked).toHaveLength(1);
  asked[0]?.answer({ a: 1 });
  expect(await Promise.all(both)).toEqual([
    { data: { a: 1 }, errors: [], shared: true },
    { data: { a: 1 }, errors: [], shared: true },
  ]);
  const alone = client(request("{ a }"), ada);
  expect(asked).toHaveLength(2);
  asked[1]?.answer({ a: 2 });
  expect(await alone).toEqual({ data: { a: 2 }, errors: [], shared: false });
});

test("other questions, other callers, and the same caller with other rights ask for themselves [CA-07]", () => {
  const { asked, client } = subgraph();
  const ada = caller("ada");
  for (const [text, who] of [
    ["{ a }", ada],
    ["{ b }", ada],
    ["{ a }", caller("bob")],
    ["{ a }", caller("ada")],
  ] as const) {
    void client(request(text), who);
  }
  expect(asked).toHaveLength(4);
});

test("a question that comes after a command was answered does not join one from before it [CA-02]", async () => {
  const { asked, client } = subgraph();
  const ada = caller("ada");
  const before = client(request("{ a }"), ada);
  const command = client(request("mutation { set }", "mutation"), ada);
  asked[1]?.answer({ set: true });
  await command;
  const after = client(request("{ a }"), ada);
  expect(asked).toHaveLength(3);
  asked[0]?.answer({ a: "old" });
  asked[2]?.answer({ a: "new" });
  expect((await before).data).toEqual({ a: "old" });
  expect((await after).data).toEqual({ a: "new" });
});

test("commands are never shared", () => {
  const { asked, client } = subgraph();
  const ada = caller("ada");
  void client(request("mutation { pay }", "mutation"), ada);
  void client(request("mutation { pay }", "mutation"), ada);
  expect(asked).toHaveLength(2);
});

test("whoever asked first takes the question with them, and those who joined it ask anew, once", async () => {
  const { asked, client } = subgraph();
  const ada = caller("ada");
  const leaving = new AbortController();
  const first = client(request("{ a }"), { ...ada, signal: leaving.signal });
  const joined = [client(request("{ a }"), ada), client(request("{ a }"), ada)];
  expect(asked).toHaveLength(1);
  leaving.abort();
  asked[0]?.fail();
  expect((await first).data).toBe(null);
  await expect.poll(() => asked.length).toBe(2);
  asked[1]?.answer({ a: 1 });
  expect((await Promise.all(joined)).map(({ data }) => data)).toEqual([{ a: 1 }, { a: 1 }]);
  expect(asked).toHaveLength(2);
});

test("nobody joins a question whose asker has left, and whoever joins and leaves takes nothing with them", async () => {
  const { asked, client } = subgraph();
  const ada = caller("ada");
  const [one, other] = [new AbortController(), new AbortController()];
  void client(request("{ a }"), { ...ada, signal: one.signal });
  one.abort();
  const later = client(request("{ a }"), ada);
  expect(asked).toHaveLength(2);
  void client(request("{ a }"), { ...ada, signal: other.signal });
  other.abort();
  expect(asked[1]?.context.signal).toBe(undefined);
  asked[1]?.answer({ a: 1 });
  expect((await later).data).toEqual({ a: 1 });
});
