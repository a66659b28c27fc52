/** The room's parts as the settings ask for them. */
import type { Cache } from "../../platform/cache/cache.ts";
import type { Clock } from "../../platform/clock.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import type { Metric } from "../../platform/http/metrics-format.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { GatewaySettings } from "../ports.ts";
import { createDocumentStore } from "./document-store.ts";
import { createReceivedOperations, type ReceivedOperations } from "./received-operations.ts";
import { readTrustedDocuments } from "./trusted-documents.ts";
import { createUsage } from "./usage.ts";

export interface OperationsOptions {
  readonly settings: Pick<
    GatewaySettings,
    | "TRUSTED_DOCUMENTS"
    | "TRUSTED_DOCUMENTS_FILE"
    | "PERSISTED_QUERIES"
    | "PERSISTED_QUERIES_TTL_MS"
    | "PERSISTED_QUERIES_KEPT"
  >;
  /** Manifests for where the settings name none. */
  readonly manifests?: readonly string[];
  /** Where gateways share persisted texts. */
  readonly documents?: Pick<Cache, "get" | "set">;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Operations extends ReceivedOperations {
  metrics(): readonly Metric[];
}

/**
 * @throws AppError `CONFIG_INVALID` for manifests that cannot be used, and where only registered operations run but
 * there are none
 */
export async function createOperations(options: OperationsOptions): Promise<Operations> {
  const { settings, manifests = [], documents, clock, logger } = options;
  const mode = settings.TRUSTED_DOCUMENTS;
  const trusted = await readTrustedDocuments(mode === "off" ? [] : (settings.TRUSTED_DOCUMENTS_FILE ?? manifests));
  if (mode === "only" && trusted.names.size === 0) {
    throw new AppError(
      "CONFIG_INVALID",
      "TRUSTED_DOCUMENTS=only lets registered operations run alone, and there are none: name their manifest in TRUSTED_DOCUMENTS_FILE.",
    );
  }
  const usage = createUsage(trusted.names);
  const { receive } = createReceivedOperations({
    only: mode === "only",
    trusted,
    store: settings.PERSISTED_QUERIES
      ? createDocumentStore({
          capacity: settings.PERSISTED_QUERIES_KEPT,
          ttlMs: settings.PERSISTED_QUERIES_TTL_MS,
          clock,
          shared: documents,
        })
      : undefined,
    usage,
    logger,
  });
  return { receive, metrics: usage.metrics };
}
