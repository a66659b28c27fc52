/**
 * The cache of whole answers, where the settings ask for one; the stock executor does not tell what its answers are
 * made of.
 */
import type { GatewayOptions } from "../../gateway-options.ts";
import type { DocumentGuard } from "../../limits/document-limits.ts";
import type { SchemaSource } from "../../ports.ts";
import type { EventSources } from "../event-sources.ts";
import { createResponseCache, type ResponseCache } from "./response-cache.ts";

export interface ResponsesInput {
  readonly schema: SchemaSource;
  readonly sources: EventSources;
  readonly documents: DocumentGuard;
}

export function createResponses(
  { settings, production, clock }: GatewayOptions,
  { schema, sources, documents }: ResponsesInput,
): ResponseCache | undefined {
  if (settings.RESPONSE_CACHE_MB === 0 || settings.EXECUTOR === "apollo") return undefined;
  return createResponseCache({
    schema,
    maxBytes: settings.RESPONSE_CACHE_MB * 2 ** 20,
    clock,
    sources,
    showInExtensions: !production,
    parse: documents.parse,
  });
}
