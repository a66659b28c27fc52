// Deliveries over real sockets and Postgres: tried again, in order, by whichever instance lives, given up and replayed.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { receiving, verifiedId } from "../../../support/services/webhook-receiver.ts";
import { waitFor, waitWithin } from "../../../support/wait.ts";
import { anOrganization, type CarrierFixture, startCarriers } from "./carrier-fixture.ts";

let fixture: CarrierFixture;
beforeAll(async () => {
  fixture = await startCarriers();
});
afterAll(() => fixture?.stop());

afterEach(() => fixture.stopEngines());

const idsOf = (calls: readonly { readonly headers: Record<string, unknown> }[]) =>
  calls.map(({ headers }) => headers["webhook-id"]);

describe("an endpoint that fails", () => {
  test("three times is asked four times, with growing gaps, the same id and a fresh signature [WH-04] [S75]", async () => {
    const receiver = await receiving((_call, response) => {
      response.writeHead(receiver.calls.length <= 3 ? 500 : 200).end("here");
    });
    const org = anOrganization();
    const { address, secret } = fixture.endpoint(`${receiver.url}/hook`);
    await fixture.engine({ timing: { backoff: { baseMs: 1_200, capMs: 60_000 } } });
    const [id = ""] = await fixture.request(org, address);
    await fixture.until(org, id, "DELIVERED");
    const { calls } = receiver;
    expect(calls.map((call) => verifiedId(secret, call))).toEqual([id, id, id, id]);
    const gaps = calls.slice(1).map((call, index) => call.at - (calls[index]?.at ?? 0));
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
    expect(gaps[0]).toBeGreaterThan(500);
    const times = calls.map(({ headers }) => Number(headers["webhook-timestamp"]));
    expect(times.at(-1)).toBeGreaterThan(times[0] ?? 0);
    const steps = await fixture.steps(org, id);
    expect(steps.map(({ state, detail }) => (detail === null ? state : `${state} ${detail}`))).toEqual([
      "REQUESTED",
      "SENDING",
      "FAILED The endpoint did not take it: answer 500: here",
      "SENDING",
      "FAILED The endpoint did not take it: answer 500: here",
      "SENDING",
      "FAILED The endpoint did not take it: answer 500: here",
      "SENDING",
      "DELIVERED answer 200: here",
    ]);
    // What was sent is not kept.
    expect(await fixture.state(org, id)).toMatchObject({ attempts: 4, content: null });
  });

  test("delays no other one: silent, without an end, redirecting, refusing [WH-04] [S75]", async () => {
    const bad = await receiving(({ path }, response) => {
      if (path === "/endless") {
        const more = () => void (response.write(Buffer.alloc(64 * 1024)) ? setImmediate(more) : 0);
        response.writeHead(200).on("drain", more);
        more();
      } else if (path === "/away") response.writeHead(302, { location: "/taken" }).end();
      else if (path === "/no") response.writeHead(500).end();
    });
    const good = await receiving();
    const org = anOrganization();
    const places = { total: 6, failing: 3 };
    await fixture.engine({ places, timeoutMs: 4_000, timing: { backoff: { baseMs: 50, capMs: 100 }, attempts: 100 } });
    // More of them than there are places, each with several deliveries.
    const paths = [...Array.from({ length: 8 }, () => "/silent"), "/away", "/no", "/endless"];
    const addresses = paths.map((path) => fixture.endpoint(bad.url + path).address);
    for (let round = 0; round < 3; round += 1) await fixture.request(org, ...addresses);
    await waitFor(async () => bad.at("/silent").length >= 14, { what: "bad endpoints to be tried again" });
    for (let round = 0; round < 5; round += 1) {
      const path = `/good/${round}`;
      const { address } = fixture.endpoint(good.url + path);
      await fixture.request(round % 2 === 0 ? org : anOrganization(), address);
      await waitWithin(2_000, () => good.at(path).length === 1, { what: `the delivery to ${path}` });
    }
    // An answer without an end was a 200.
    await waitFor(() => bad.at("/endless").length === 3, { what: "the deliveries to the endless endpoint" });
    expect(bad.at("/taken")).toEqual([]);
  });

  test("for good is not asked again; after its last attempt a delivery is dead; a pause that is asked for is kept", async () => {
    const receiver = await receiving(({ path }, response) => {
      if (path === "/busy")
        response.writeHead(receiver.at("/busy").length === 1 ? 503 : 204, { "retry-after": "86400" });
      else response.writeHead(path === "/gone" ? 410 : 500);
      response.end();
    });
    const org = anOrganization();
    await fixture.engine();
    const [gone, failing, busy] = ["/gone", "/failing", "/busy"].map((path) => fixture.endpoint(receiver.url + path));
    const ids = await fixture.request(org, ...[gone, failing, busy].map((endpoint) => endpoint?.address ?? ""));
    const [first = "", second = "", third = ""] = ids;
    expect(await fixture.until(org, first, "DEAD")).toMatchObject({
      attempts: 1,
      detail: expect.stringContaining("410"),
    });
    expect(await fixture.until(org, second, "DEAD")).toMatchObject({
      attempts: 4,
      detail: expect.stringContaining("500"),
    });
    await fixture.until(org, third, "DELIVERED");
    expect([receiver.at("/gone").length, receiver.at("/failing").length]).toEqual([1, 4]);
    // A day was asked for; a second is the most that is given here.
    const [one, two] = receiver.at("/busy");
    expect((two?.at ?? 0) - (one?.at ?? 0)).toBeGreaterThan(990);
  });
});

describe("a dead delivery", () => {
  test("is sent once when it is replayed, however often that is asked for, behind what waits [S75]", async () => {
    let up = false;
    const receiver = await receiving((_call, response) => void response.writeHead(up ? 204 : 500).end());
    const org = anOrganization();
    const { address } = fixture.endpoint(receiver.url);
    const running = await fixture.engine({ timing: { attempts: 1 } });
    const [dead = ""] = await fixture.request(org, address);
    await fixture.until(org, dead, "DEAD");
    await running.stop();
    const [later = ""] = await fixture.request(org, address);
    expect(await fixture.replay(anOrganization(), dead)).toBe(false);
    const replays = await Promise.all([1, 2, 3, 4].map(() => fixture.replay(org, dead)));
    expect(replays.toSorted()).toEqual([false, false, false, true]);
    up = true;
    await fixture.engine({ timing: { attempts: 1 } });
    expect(await fixture.until(org, dead, "DELIVERED")).toMatchObject({ attempts: 1 });
    expect(idsOf(receiver.calls)).toEqual([dead, later, dead]);
    expect(await fixture.replay(org, dead)).toBe(false);
  });
});

describe("deliveries to one address", () => {
  test("are made one at a time and in order, by three instances [S75]", async () => {
    let underWay = 0;
    let most = 0;
    const receiver = await receiving((_call, response) => {
      underWay += 1;
      most = Math.max(most, underWay);
      setTimeout(() => {
        underWay -= 1;
        // Each is refused once on its way.
        const { length } = receiver.calls;
        response.writeHead(length % 3 === 1 ? 500 : 204).end();
      }, 10);
    });
    const org = anOrganization();
    const { address } = fixture.endpoint(receiver.url);
    for (let instance = 0; instance < 3; instance += 1) await fixture.engine({ timing: { pollMs: 10 } });
    const ids: string[] = [];
    for (let count = 0; count < 12; count += 1) ids.push(...(await fixture.request(org, address)));
    await fixture.until(org, ids.at(-1) ?? "", "DELIVERED");
    const seen = idsOf(receiver.calls);
    expect([...new Set(seen)]).toEqual(ids);
    expect(seen).toEqual(seen.toSorted((a, b) => ids.indexOf(String(a)) - ids.indexOf(String(b))));
    expect(most).toBe(1);
  });

  test("that transactions request side by side, in any order of addresses, are all made", async () => {
    const receiver = await receiving();
    const org = anOrganization();
    const [one, two] = [fixture.endpoint(receiver.url), fixture.endpoint(receiver.url)];
    const both = [one.address, two.address];
    // In another order each time: no two of them wait for each other.
    const made = await Promise.all(
      Array.from({ length: 10 }, (_, index) => fixture.request(org, ...(index % 2 === 0 ? both : both.toReversed()))),
    );
    await fixture.engine();
    for (const id of made.flat()) await fixture.until(org, id, "DELIVERED");
    expect(receiver.calls).toHaveLength(20);
  });

  test("are requested once per id, and cancelled when nothing calls for them any more", async () => {
    const receiver = await receiving();
    const org = anOrganization();
    const request = { id: "whd_twice", tenantId: org, carrier: "webhook", address: "end_none", content: "{}" };
    const { requestDeliveries } = await import("../../../../platform/carriers/delivery-store.ts");
    const made = () => fixture.inTenant(org, (tx) => requestDeliveries(tx, [request], new Date()));
    expect([await made(), await made()]).toEqual([1, 0]);
    await fixture.engine();
    expect(await fixture.until(org, "whd_twice", "CANCELLED")).toMatchObject({ content: null, attempts: 1 });
    expect(receiver.connections).toBe(0);
  });
});

test("a delivery is seen by its tenant alone, and what it says not by whoever looks for what is due", async () => {
  const [org, other] = [anOrganization(), anOrganization()];
  const [id = ""] = await fixture.request(org, "end_unseen");
  expect(await fixture.state(other, id)).toBeUndefined();
  const { Client } = await import("pg");
  const relay = new Client({ connectionString: fixture.urls.relay });
  await relay.connect();
  try {
    const { rows } = await relay.query("SELECT address FROM carrier_address WHERE tenant_id = $1", [org]);
    expect(rows).toEqual([{ address: "end_unseen" }]);
    await expect(relay.query("SELECT content FROM carrier_delivery")).rejects.toThrow("permission denied");
  } finally {
    await relay.end();
  }
});
