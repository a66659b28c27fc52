// A peer that vanishes without a word: its connections stay open for ever and answer nothing, while new ones work. Only
// the client's own timeouts end such a state; no reset ever comes.
import { connect, createServer, type Socket } from "node:net";
import { pino } from "pino";
import { expect, test } from "vitest";
import type { LogRecord } from "../../../platform/events/event-log.ts";
import { createKafkaEventLog } from "../../../platform/events/kafka-event-log.ts";
import { freePort } from "../../support/ports.ts";
import { startKafka } from "../../support/services/kafka.ts";
import { waitFor } from "../../support/wait.ts";

/** A forwarder whose open connections can be frozen: what either side sends on them is lost, and nobody is told. */
async function startForwarder(port: number, target: { readonly host: string; readonly port: number }) {
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on("error", () => undefined);
      from.on("data", (chunk) => {
        if (pairs.has(pair)) to.write(chunk);
      });
      from.on("close", () => {
        if (pairs.delete(pair)) to.destroy();
      });
    }
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    freeze: () => pairs.clear(),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a tail and reads leave connections that a vanished broker never closes", async () => {
  const port = await freePort();
  const broker = await startKafka({ advertisedPort: port });
  if (broker.proxyTarget === undefined) throw new Error("the broker listens for no proxy");
  const forwarder = await startForwarder(port, broker.proxyTarget);
  const open = async (address: string) => {
    const log = createKafkaEventLog({
      brokers: [address],
      clientId: "vanished",
      replicationFactor: 1,
      logger: pino({ level: "silent" }),
    });
    await log.start();
    return log;
  };
  const direct = await open(broker.brokers);
  const log = await open(`127.0.0.1:${port}`);
  await log.ensureTopics(["vanished"]);
  const tailed: LogRecord[] = [];
  const interruptions: Error[] = [];
  const tail = await log.tail({
    topic: "vanished",
    from: "end",
    onRecords: (_, records) => void tailed.push(...records),
    onInterruption: (problem) => interruptions.push(problem),
  });
  await direct.append("vanished", [{ key: "one", value: "before" }]);
  await waitFor(() => tailed.length === 1, { what: "a record" });

  forwarder.freeze();
  await direct.append("vanished", [{ key: "one", value: "after" }]);
  await waitFor(() => tailed.length === 2, { what: "the tail to go on", deadlineMs: 30_000 });
  expect(interruptions).toHaveLength(1);
  const partition = await direct.partitionOf("vanished", "one");
  const read = await waitFor(() => log.read({ topic: "vanished", partition, from: 0n, limit: 10 }), {
    what: "a read",
    deadlineMs: 30_000,
  });
  expect(read.map(({ value }) => value)).toEqual(["before", "after"]);
  expect(tailed.map(({ value }) => value)).toEqual(["before", "after"]);

  await tail.stop();
  await Promise.all([log.stop(), direct.stop()]);
  await forwarder.stop();
  await broker.stop();
});
