/** How many live streams a gateway serves, and how their connections are kept and ended. */
import { count, milliseconds } from "./setting-kinds.ts";

export const liveSettings = {
  LIVE_RING_EVENTS: count.default(10_000).describe("Most events kept in memory per partition for resuming subscribers"),
  LIVE_RING_BYTES: count
    .default(16_777_216)
    .describe(
      "Most bytes of their text per partition: times topics times EVENT_PARTITIONS, and as much while many catch up",
    ),
  WS_SOCKETS_PER_USER: count
    .default(100)
    .describe("Most sockets and HTTP streams, together, that one user may have open on one gateway"),
  LIVE_SUBSCRIPTIONS_PER_ORGANIZATION: count
    .default(20_000)
    .describe(
      "Most live subscriptions to one organization's streams on one gateway; what it has booked may allow fewer",
    ),
  LIVE_LEASE_MS: milliseconds
    .default(60_000)
    .describe("A gateway that died is forgotten by the others after this time, with the subscriptions it had"),
  DRAIN_MS: milliseconds
    .default(5_000)
    .describe(
      "A stop closes open sockets spread over at most this time; with 2 s more it must fit into SHUTDOWN_GRACE_MS",
    ),
  DRAIN_NOTICE_MS: milliseconds
    .default(4_000)
    .describe(
      "A stop answers requests for this long while anybody is connected; clients are told to let no connection idle longer",
    ),
  WS_INIT_TIMEOUT_MS: milliseconds.default(3_000).describe("A socket must send connection_init within this time"),
  WS_PING_MS: milliseconds.default(25_000).describe("Ping period of sockets; a peer silent for two periods is dropped"),
  SSE_HEARTBEAT_MS: milliseconds.default(15_000).describe("Heartbeat period of answers that stream over HTTP"),
};
