// A subgraph's process while Kafka accepts connections and never answers: it serves, and says what is wrong.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFaultProxy } from "../../../support/fault-proxy.ts";
import { freePorts } from "../../../support/ports.ts";
import { startProcess, subgraphProcess } from "../../../support/process.ts";
import { startKafka } from "../../../support/services/kafka.ts";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, startBilling } from "./billing-fixture.ts";

let billing: BillingFixture;
beforeAll(async () => {
  billing = await startBilling();
});
afterAll(() => billing?.stop());

test("while Kafka is half-open a subgraph is degraded with 200, shows it as a metric, and is live; then ready again", async () => {
  const [kafkaPort, port] = await freePorts(2);
  const broker = await startKafka({ advertisedPort: kafkaPort ?? 0 });
  if (broker.proxyTarget === undefined) throw new Error("the broker listens for no proxy");
  await using proxy = await createFaultProxy({ target: broker.proxyTarget, port: kafkaPort ?? 0 });
  const url = `http://127.0.0.1:${port}`;
  const running = await startProcess({
    ...subgraphProcess("billing"),
    env: {
      ...billing.environment,
      BILLING_PORT: String(port),
      EVENT_LOG: "kafka",
      KAFKA_BROKERS: `127.0.0.1:${proxy.port}`,
      KAFKA_REPLICATION: "1",
      KAFKA_TOPIC_PREFIX: "half-open.",
    },
    ready: new URL(`${url}/ready`),
  });
  const ready = async () => {
    const response = await fetch(`${url}/ready`);
    const report: unknown = await response.json();
    return { status: response.status, report };
  };
  const becomes = (status: string) =>
    waitFor(
      async () => {
        const { report } = await ready();
        return JSON.stringify(report).includes(`"status":"${status}"`);
      },
      { what: status, deadlineMs: 60_000 },
    );
  await becomes("ready");
  const before: unknown = await (await fetch(`${url}/health`)).json();
  const consumers = ["accounts", "seats", "entitlements", "sagas"].map((name) => ({ consumer: `billing.${name}` }));
  expect(before).toMatchObject({ events: { consumers, outboxes: [{}] } });

  await proxy.mode("half-open");
  await becomes("degraded");
  expect(await ready()).toMatchObject({
    status: 200,
    report: { ready: true, dependencies: { "event log": { status: "down", reason: expect.any(String) } } },
  });
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('tributary_degraded{reason="event log"} 1\n');
  expect((await fetch(`${url}/live`)).status).toBe(200);

  await proxy.mode("pass");
  await becomes("ready");
  expect(await running.stop()).toMatchObject({ code: 0 });
  await broker.stop();
});
