// A Kafka broker that dies and comes back on its own data.
import { rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { startKafka } from "../../support/services/kafka.ts";

export interface MortalBroker {
  /** As in KAFKA_BROKERS. */
  readonly brokers: string;
  /** SIGKILL; resolves when it answers again. */
  restart(awayMs: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startMortalBroker(): Promise<MortalBroker> {
  let running = await startKafka();
  const { brokers, dataDir, port } = running;
  return {
    brokers,
    async restart(awayMs) {
      await running.kill();
      await setTimeout(awayMs);
      running = await startKafka({ dataDir, port });
    },
    async stop() {
      await running.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
