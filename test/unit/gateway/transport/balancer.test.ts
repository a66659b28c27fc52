import { expect, test } from "vitest";
import { z } from "zod";
import { createBalancer } from "../../../../gateway/transport/balancer.ts";
import { callPolicy } from "../../../../gateway/transport/call-policy.ts";
import { subgraphCallSettings } from "../../../../platform/config/service-settings.ts";

const settings = z.object(subgraphCallSettings);
const policy = callPolicy(settings.parse({}), "billing");

function balancer(...ids: readonly string[]) {
  const balancer = createBalancer(policy, () => 0);
  balancer.replace(ids.map(address));
  return balancer;
}

const address = (id: string) => ({ id, url: new URL(`http://${id}/graphql`) });

test("instances with as many calls in flight are picked in turn", () => {
  const three = balancer("a", "b", "c");
  const picked = Array.from({ length: 9 }, () => three.pick(true)?.id);
  expect(picked.slice(0, 3).toSorted()).toEqual(["a", "b", "c"]);
  expect(picked.slice(3, 6)).toEqual(picked.slice(0, 3));
});

test("with one slow instance, least in flight answers sooner than turns do [S66]", () => {
  const TOOK: Readonly<Record<string, number>> = { slow: 50, fast: 2, quick: 2 };
  const ids = Object.keys(TOOK);

  /** Mean time of 600 calls, 1 per ms, an instance working at one call after the other. */
  function meanOf(pick: (time: number) => string, done: (id: string) => void): number {
    const free = new Map(ids.map((id) => [id, 0]));
    const ends: { readonly id: string; readonly at: number }[] = [];
    let total = 0;
    for (let time = 0; time < 600; time += 1) {
      for (const end of ends.filter(({ at }) => at > time - 1 && at <= time)) done(end.id);
      const id = pick(time);
      const at = Math.max(free.get(id) ?? 0, time) + (TOOK[id] ?? 0);
      free.set(id, at);
      ends.push({ id, at });
      total += at - time;
    }
    return total / 600;
  }

  const inTurn = meanOf(
    (time) => ids[time % ids.length] ?? "",
    () => undefined,
  );
  const least = balancer(...ids);
  const leastInFlight = meanOf(
    () => {
      const instance = least.pick(true);
      if (instance === undefined) throw new Error("nobody");
      instance.inFlight += 1;
      return instance.id;
    },
    (id) => {
      const instance = least.instances.find((candidate) => candidate.id === id);
      if (instance !== undefined) instance.inFlight -= 1;
    },
  );
  expect(leastInFlight).toBeLessThan(inTurn / 10);
});

test("instances that stay keep what is known about them; one that started again at its address is another [S6]", () => {
  const two = balancer("a", "b");
  const [a, b] = two.instances;
  if (a !== undefined) a.inFlight = 3;
  expect(two.replace([address("b"), { ...address("a"), id: "a-again" }, address("c")])).toEqual([a]);
  expect(two.instances.map(({ id, inFlight }) => [id, inFlight])).toEqual([
    ["b", 0],
    ["a-again", 0],
    ["c", 0],
  ]);
  expect(two.instances[0]).toBe(b);
});

test("a policy is that of the settings, and different where they say so for the subgraph [S63]", () => {
  const given = settings.parse({
    SUBGRAPH_RETRIES: "250, 500",
    SUBGRAPH_POLICIES: '{"billing":{"retryDelaysMs":[],"breakerProbes":5}}',
  });
  expect(callPolicy(given, "audit")).toMatchObject({ retryDelaysMs: [250, 500], breakerProbes: 2, attemptMs: 4_000 });
  expect(callPolicy(given, "billing")).toMatchObject({ retryDelaysMs: [], breakerProbes: 5, attemptMs: 4_000 });
  expect(callPolicy(given, "__proto__")).toMatchObject({ retryDelaysMs: [250, 500] });
  expect(callPolicy(settings.parse({ SUBGRAPH_RETRIES: "none" }), "audit").retryDelaysMs).toEqual([]);
  for (const wrong of ["{", "[]", '{"billing":{"retries":1}}', '{"billing":{"breakerShare":1}}']) {
    expect(settings.safeParse({ SUBGRAPH_POLICIES: wrong }).success, wrong).toBe(false);
  }
  expect(settings.safeParse({ SUBGRAPH_RETRIES: "soon" }).success).toBe(false);
});
