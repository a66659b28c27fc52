/**
 * An entity that is the subject of an event is never shown older than the event: what a lagging replica or a cache
 * answers is fetched again, past every cache, for a bounded time; then the entity is an error instead of old data.
 * Other fetches do not wait for it.
 */
import type { GraphQLFormattedError } from "graphql";
import { ERROR_STATUS } from "../../../platform/errors/app-error.ts";
import { systemSleep } from "../../../platform/events/backoff.ts";
import { PUBLIC_MARK } from "../../errors/public-error.ts";
import { ENTITIES } from "../../transport/entity-document.ts";
import type { JsonObject } from "../../transport/json-object.ts";
import { withDoubles } from "../../transport/lossless-number.ts";
import type { ReadableEvent } from "../log/event.ts";
import type { EntityAnswer } from "./entity-batch.ts";
import type { FetchBatches, FetchCall } from "./fetch-batches.ts";

export interface FreshFetches {
  /** Like `FetchBatches.send`, for an event. */
  send(call: FetchCall, event: ReadableEvent): Promise<EntityAnswer>;
}

/** Pauses of 20, 40, 80 … ms: about 1.3 s altogether, and no refetch begins after the limit. */
const REFETCHES = 6;
const FIRST_PAUSE_MS = 20;
const LIMIT_MS = 2_000;
/**
 * How long an entity that was just created may be unknown to a replica. An older event's may be gone for good: not
 * waited for.
 */
const YOUNG_MS = 5_000;

export function createFreshFetches(batches: FetchBatches): FreshFetches {
  // The same for all fetches of this process, so that those who wait for one entity refetch it together; gateways
  // differ.
  const pace = 0.75 + Math.random() / 2;

  async function refetched(call: FetchCall, positions: readonly number[]): Promise<EntityAnswer> {
    const { context, representations } = call;
    return batches.send({
      ...call,
      representations: positions.map((position) => representations[position]),
      context: { ...context, fresh: true },
    });
  }

  return {
    async send(call, event) {
      const answer = await batches.send(call);
      const found = entitiesOf(answer);
      const subjects = subjectsOf(call, event);
      if (found === undefined) return answer;
      if (subjects.length === 0) return withoutVersions(call, found, answer.errors);
      const { alias } = call.fetch.versions;
      const entities = [...found];
      let errors = answer.errors;
      const old = () => subjects.filter((position) => isOld(entities[position], position, errors, alias, event));

      const started = performance.now();
      const { signal } = call.context;
      let positions = old();
      for (let attempt = 0; positions.length > 0 && attempt < REFETCHES; attempt += 1) {
        await systemSleep(FIRST_PAUSE_MS * 2 ** attempt * pace, signal);
        if (signal?.aborted === true || performance.now() - started > LIMIT_MS) break;
        const again = await refetched(call, positions);
        const newer = entitiesOf(again);
        if (newer === undefined) continue;
        const renewed = positions;
        errors = [
          ...errors.filter(({ path }) => !renewed.includes(Number(path?.[1] ?? Number.NaN))),
          ...again.errors.map((error) => moved(error, renewed)),
        ];
        for (const [index, position] of renewed.entries()) entities[position] = newer[index];
        positions = old();
      }
      for (const position of positions) {
        // One that is not there may have been deleted since.
        if (!isObject(entities[position])) continue;
        entities[position] = null;
        errors = [...errors, staleRead(position)];
        const { subject, aggregateversion } = event.envelope;
        call.context.logger.warn({ subject, aggregateversion }, "what an event is about is still read as it was");
      }
      return withoutVersions(call, entities, errors);
    },
  };
}

function entitiesOf({ data }: EntityAnswer): readonly unknown[] | undefined {
  const entities = data?.[ENTITIES];
  return Array.isArray(entities) ? entities : undefined;
}

/** Positions of the entity that the event is about. */
function subjectsOf({ fetch, representations }: FetchCall, { envelope }: ReadableEvent): number[] {
  if (fetch.versions.types.size === 0) return [];
  return representations.flatMap((representation, position) => {
    if (!isObject(representation) || representation["id"] !== envelope.subject) return [];
    return fetch.versions.types.has(String(representation["__typename"])) ? [position] : [];
  });
}

function isOld(
  entity: unknown,
  position: number,
  errors: readonly GraphQLFormattedError[],
  alias: string,
  event: ReadableEvent,
): boolean {
  const { aggregateversion, time } = event.envelope;
  if (isObject(entity)) {
    const version = withDoubles(entity[alias]);
    return typeof version === "number" && version < aggregateversion;
  }
  const isNew = aggregateversion === 1 && Date.now() - (event.appendedAt ?? Date.parse(time)) < YOUNG_MS;
  return isNew && !errors.some(({ path }) => path?.[1] === position);
}

function moved(error: GraphQLFormattedError, positions: readonly number[]): GraphQLFormattedError {
  const [root, index, ...rest] = error.path ?? [];
  const position = typeof index === "number" ? positions[index] : undefined;
  return root === undefined || position === undefined ? error : { ...error, path: [root, position, ...rest] };
}

function staleRead(position: number): GraphQLFormattedError {
  return {
    message: "The newest state cannot be read yet: fetch it again shortly.",
    path: [ENTITIES, position],
    extensions: { code: "STALE_READ", status: ERROR_STATUS.STALE_READ, retryable: true, [PUBLIC_MARK]: true },
  };
}

/** The client did not ask for the version under our name. */
function withoutVersions(
  { fetch }: FetchCall,
  entities: readonly unknown[],
  errors: readonly GraphQLFormattedError[],
): EntityAnswer {
  if (fetch.versions.types.size > 0) {
    for (const entity of entities) if (isObject(entity)) delete entity[fetch.versions.alias];
  }
  return { data: { [ENTITIES]: entities }, errors };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null;
}
