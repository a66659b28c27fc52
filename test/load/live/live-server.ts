// The gateway's live room as the integration tests run it: invented subgraphs in process, a real log, real sockets.
import type { SchemaGeneration } from "../../../gateway/ports.ts";
import { createPostgresEventLog } from "../../../platform/events/postgres-event-log.ts";
import { createLogger } from "../../../platform/logger/logger.ts";
import { startLiveStack, viewer } from "../../integration/gateway/live/live-stack.ts";
import { composeShop, generationOf, LIVE_LINK, ORDERS_LIVE } from "../../integration/gateway/live/shop-graph.ts";
import type { MeasuredServer } from "./measured-server.ts";

const LIFETIME_MS = 3_600_000;

export async function startLiveServer(eventsUrl: string, port: number): Promise<MeasuredServer> {
  const log = createPostgresEventLog({
    connectionString: eventsUrl,
    logger: createLogger({ name: "log", level: "warn" }),
  });
  await log.start();
  const stack = await startLiveStack({ log, port });
  let scope = "VIEWER";
  return {
    url: stack.url,
    figures: () => ({
      subscribers: 0,
      fetches: [...stack.shop.fetches.values()].reduce((sum, count) => sum + count, 0),
    }),
    perform(task) {
      if (task.ask === "admit") {
        for (let index = 0; index < task.viewers; index += 1) {
          const shop = task.shops[index % task.shops.length] ?? "";
          stack.viewers.set(`viewer-${index}`, viewer(`user-${index}`, { [shop]: ["orders.read"] }, LIFETIME_MS));
        }
        scope = task.scope;
        stack.reload(generation("measured", scope));
      } else if (task.ask === "reload") {
        stack.reload(generation(task.name, scope));
      }
    },
    async stop() {
      await stack.stop();
      await log.stop();
    },
  };
}

/** The invented graph with a field of this name more, its stream enriched for this scope. */
function generation(name: string, scope: string): SchemaGeneration {
  const link = LIVE_LINK.replace("filters: [LiveFilter!]! = []", "$& scope: LiveScope! = VIEWER");
  const live = ORDERS_LIVE.replace("filters: [{", `scope: ${scope}, $&`).replace(
    "reason: String",
    `$& ${name}: String`,
  );
  return generationOf(composeShop(`${link} enum LiveScope { VIEWER ORGANIZATION } ${live}`), name);
}
