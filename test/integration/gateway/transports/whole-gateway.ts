// A gateway of the platform's kind over any supergraph: it knows callers, and serves live fields from a real event log.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLive } from "../../../../gateway/live/index.ts";
import type { GatewaySettings } from "../../../../gateway/ports.ts";
import { forwardedHeaders } from "../../../../gateway/transport/subgraph-headers.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { viewer } from "../live/live-stack.ts";
import { startSignedInGateway } from "../signed-in-gateway.ts";

/** Of a member of the shop. */
export const TOKEN = "member";
export const SHOP = "shop-1";

export interface WholeGateway extends AsyncDisposable {
  readonly url: string;
}

export async function startWholeGateway(
  supergraphSdl: string,
  eventLog: EventLog,
  settings: Partial<GatewaySettings> = {},
): Promise<WholeGateway> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-whole-"));
  const SUPERGRAPH_FILE = join(folder, "supergraph.graphql");
  await writeFile(SUPERGRAPH_FILE, supergraphSdl);
  const gateway = await startSignedInGateway({
    settings: { SUPERGRAPH_FILE, ...settings },
    logger: createLogger({ name: "whole-gateway", level: "silent" }),
    headers: forwardedHeaders,
    async authenticate(token) {
      if (token === undefined) return { identity: { kind: "ANONYMOUS" } };
      if (token !== TOKEN) throw new AppError("UNAUTHENTICATED", "No such token.");
      return viewer("user-1", { [SHOP]: ["orders.read"] });
    },
    eventLog,
    createLive,
  });
  return {
    url: gateway.url,
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
