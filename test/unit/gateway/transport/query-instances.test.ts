// S86: queries go to instances that answer these alone, commands never; without such an instance the others answer all.
import { expect, test } from "vitest";
import { z } from "zod";
import { callPolicy } from "../../../../gateway/transport/call-policy.ts";
import type { PostRequest } from "../../../../gateway/transport/http-exchange.ts";
import { createSubgraphTargets } from "../../../../gateway/transport/subgraph-targets.ts";
import { subgraphCallSettings } from "../../../../platform/config/service-settings.ts";
import type { ServiceDirectory } from "../../../../platform/discovery/service-directory.ts";
import { waitFor } from "../../../support/wait.ts";

const OPEN_MS = 100;
const policy = {
  ...callPolicy(z.object(subgraphCallSettings).parse({}), "notes"),
  ...{ retryDelaysMs: [], attemptMs: 50, breakerCalls: 2, breakerOpenMs: OPEN_MS },
};

function world() {
  const asked: string[] = [];
  const broken = new Map<string, "refuses" | "silent">();
  let tell: Parameters<ServiceDirectory["onChange"]>[0] = () => undefined;
  const exchange = {
    async post({ url, timeoutMs }: PostRequest) {
      asked.push(url.hostname);
      const fault = broken.get(url.hostname);
      if (fault === "refuses") throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
      if (fault === "silent") {
        await new Promise((resolve) => setTimeout(resolve, timeoutMs));
        throw new Error("silent");
      }
      return { json: {}, cached: false, plain: false };
    },
    pool: () => ({ open: 0, size: 0, waiting: 0 }),
    leave: () => undefined,
    stop: () => undefined,
  };
  const directory = {
    onChange: (listener: typeof tell) => {
      tell = listener;
    },
    part: { name: "none" },
  };
  const targets = createSubgraphTargets({ exchange, policyOf: () => policy, directory });
  const calls = targets.open("notes", [new URL("http://everything/graphql")]);
  const listed = (...names: readonly string[]) =>
    tell(
      "notes-queries",
      names.map((name) => ({ service: "notes-queries", id: name, url: `http://${name}`, release: "1", since: 1 })),
    );
  const request = {
    ...{ url: new URL("http://nobody/graphql"), headers: {}, body: "{}", timeoutMs: 1_000 },
    ...{ repeatable: true, patient: false },
  };
  /** Who was asked, in order. */
  const ask = async (kind: "queries" | "commands") => {
    asked.length = 0;
    await calls[kind].post(request);
    return [...asked];
  };
  return { targets, ask, listed, broken };
}

test("queries go to instances that answer these alone, commands to the others [S86]", async () => {
  const { ask, listed, targets } = world();
  expect(await ask("queries")).toEqual(["everything"]);
  expect(targets.all().map(({ subgraph }) => subgraph)).toEqual(["notes"]);
  listed("reader");
  expect(await ask("queries")).toEqual(["reader"]);
  expect(await ask("commands")).toEqual(["everything"]);
  expect(targets.all().map(({ subgraph }) => subgraph)).toEqual(["notes", "notes-queries"]);
  listed();
  expect(await ask("queries")).toEqual(["everything"]);
});

test.each(["refuses", "silent"] as const)(
  "one that %s is asked again when it may be back, and nobody's query fails [S86]",
  async (fault) => {
    const { ask, listed, broken } = world();
    listed("reader");
    broken.set("reader", fault);
    for (let query = 0; query < 6; query += 1) expect((await ask("queries")).at(-1)).toBe("everything");
    broken.clear();
    const isBack = async () => (await ask("queries")).join() === "reader";
    await waitFor(isBack, { what: "the reader to be asked again" });
    expect(await ask("queries")).toEqual(["reader"]);
  },
);
