// One attempt at a delivery: what becomes of it when its process dies, is slow, or fails by itself.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startProcess } from "../../../support/process.ts";
import { receiving, verifiedId } from "../../../support/services/webhook-receiver.ts";
import { waitFor } from "../../../support/wait.ts";
import { anOrganization, type CarrierFixture, startCarriers } from "./carrier-fixture.ts";

let fixture: CarrierFixture;
beforeAll(async () => {
  fixture = await startCarriers();
});
afterAll(() => fixture?.stop());

afterEach(() => fixture.stopEngines());

test("an attempt whose process is killed before its record is made again with the same id [WH-04] [S59]", async () => {
  const receiver = await receiving();
  const org = anOrganization();
  const { address, secret } = fixture.endpoint(receiver.url);
  const [id = ""] = await fixture.request(org, address);
  const { app, relay } = fixture.urls;
  // Nobody can record: the row of the address is held as soon as the attempt has begun.
  const holder = await fixture.admin.connect();
  const answered = await receiving(async (_call, response) => {
    await holder.query("BEGIN");
    await holder.query("SELECT FROM carrier_address WHERE address = $1 FOR UPDATE", [address]);
    response.writeHead(204).end();
  });
  const child = await startProcess({
    entry: "test/integration/platform/carriers/fixtures/engine-main.ts",
    env: { APP_URL: app, RELAY_URL: relay, ENDPOINT_URL: answered.url, SECRET: secret },
    ready: /engine runs/,
  });
  await waitFor(() => answered.calls.length === 1, { what: "the first call" });
  await waitFor(
    async () => {
      const { rows } = await fixture.admin.query(
        "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
      );
      return rows[0].waiting > 0;
    },
    { what: "the record to be waited for" },
  );
  await child.kill("SIGKILL");
  await holder.query("ROLLBACK");
  holder.release();
  expect(await fixture.state(org, id)).toMatchObject({ state: "SENDING", attempts: 1 });
  await fixture.engine();
  expect(await fixture.until(org, id, "DELIVERED")).toMatchObject({ attempts: 2 });
  const calls = [...answered.calls, ...receiver.calls];
  expect(calls.map((call) => verifiedId(secret, call))).toEqual([id, id]);
});

test("an attempt that never comes to an end, since it ends its process, is given up after the last one", async () => {
  const receiver = await receiving();
  const org = anOrganization();
  const { address } = fixture.endpoint(receiver.url);
  const [id = ""] = await fixture.request(org, address);
  await fixture.admin.query("UPDATE carrier_delivery SET attempts = 4, state = 'SENDING' WHERE id = $1", [id]);
  await fixture.engine();
  expect(await fixture.until(org, id, "DEAD")).toMatchObject({ detail: "no attempt came to an end" });
  expect(receiver.connections).toBe(0);
});

test("an attempt that outlived its lease changes nothing of the one that another instance makes", async () => {
  const answers: (() => void)[] = [];
  const receiver = await receiving((_call, response) => {
    const status = answers.length === 0 ? 500 : 204;
    answers.push(() => void response.writeHead(status).end());
  });
  const org = anOrganization();
  const { address } = fixture.endpoint(receiver.url);
  const slow = await fixture.engine({ timing: { leaseMs: 300 }, timeoutMs: 20_000 });
  const [id = ""] = await fixture.request(org, address);
  await waitFor(() => answers.length === 1, { what: "the first call" });
  await fixture.engine({ timing: { leaseMs: 30_000 }, timeoutMs: 20_000 });
  await waitFor(() => answers.length === 2, { what: "the second call" });
  answers[0]?.();
  await slow.engine.part.stop?.();
  expect(await fixture.state(org, id)).toMatchObject({ state: "SENDING", attempts: 2 });
  answers[1]?.();
  await fixture.until(org, id, "DELIVERED");
  const steps = (await fixture.steps(org, id)).map(({ state }) => state);
  expect(steps).toEqual(["REQUESTED", "SENDING", "SENDING", "DELIVERED"]);
  expect(receiver.calls).toHaveLength(2);
});

test("an attempt that fails for a fault of ours says nothing of it, and what follows of one is recorded with it", async () => {
  const receiver = await receiving();
  const org = anOrganization();
  const { address } = fixture.endpoint(receiver.url);
  let tries = 0;
  const followed: string[] = [];
  const running = await fixture.engine({
    async compose(_tx, { id, content }) {
      tries += 1;
      if (tries === 1) throw new Error("relation hidden_table does not exist");
      return { id, body: content, url: receiver.url, secrets: fixture.endpoints.get(address)?.secrets ?? [] };
    },
    async onEnd(_scope, { id }, { state }) {
      followed.push(`${id} ${state}`);
      // Its first failure is repeated with the record.
      if (followed.length === 1) throw new Error("not yet");
    },
  });
  const [id = ""] = await fixture.request(org, address);
  await fixture.until(org, id, "DELIVERED");
  const steps = await fixture.steps(org, id);
  expect(steps.map(({ detail }) => detail)).toContain("The message could not be prepared.");
  expect(followed).toEqual([`${id} FAILED`, `${id} FAILED`, `${id} DELIVERED`]);
  expect(running.engine.metrics()[0]?.samples).toEqual([
    ['{carrier="webhook",state="FAILED"}', 1],
    ['{carrier="webhook",state="DELIVERED"}', 1],
  ]);
});
