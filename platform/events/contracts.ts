/**
 * Event contracts: `schema/events/<type>.json` describes the `data` of one event type (JSON Schema 2020-12).
 * Nothing is published and nothing is handled that does not satisfy both its envelope and its contract.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { AppError } from "../errors/app-error.ts";
import { type EventEnvelope, envelopeSchema } from "./envelope.ts";
import { whyUnrecordable } from "./recordable-event.ts";

/** Largest encoded event, in bytes: half of a Kafka broker's default record limit, so headers and batches fit. */
export const MAX_EVENT_BYTES = 512 * 1024;

export type DecodedEvent =
  | { readonly ok: true; readonly event: EventEnvelope }
  | { readonly ok: false; readonly problem: string };

export interface EventContracts {
  /** Every known event type, sorted. */
  readonly types: readonly string[];
  /** What is wrong with an event, or `undefined` when it satisfies envelope and contract. */
  validate(event: unknown): string | undefined;
  /**
   * The event as JSON text.
   * @throws AppError `BAD_USER_INPUT` above `MAX_EVENT_BYTES` and for what could not be recorded;
   * `INTERNAL_SERVER_ERROR` when a contract is broken.
   */
  encodeEvent(event: EventEnvelope): string;
  /** Never throws: what arrives on a log may be anything. */
  decodeEvent(text: string): DecodedEvent;
}

/**
 * Reads and compiles every contract of a folder. @throws when one is not a valid schema: a bad start, not a bad event.
 */
export async function loadEventContracts(folder: string): Promise<EventContracts> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  const schemas = new Map<string, unknown>();
  for (const name of files) {
    const text = await readFile(join(folder, name), "utf8");
    try {
      schemas.set(basename(name, ".json"), JSON.parse(text));
    } catch (cause) {
      throw new Error(`event contract ${name} is not JSON`, { cause });
    }
  }
  return createEventContracts(schemas);
}

/** The same from schemas in memory, by event type. */
export function createEventContracts(schemas: ReadonlyMap<string, unknown>): EventContracts {
  const ajv = new Ajv2020({ strict: true, allErrors: false });
  ajvFormats.default(ajv);
  // Says whom a part is about (schema/personal-fields.ts), and refuses nothing.
  ajv.addKeyword({ keyword: "x-personal", schemaType: "string" });
  const checks = new Map<string, ValidateFunction>();
  for (const [type, schema] of schemas) {
    if (typeof schema !== "object" || schema === null) throw new Error(`event contract ${type} is not an object`);
    try {
      checks.set(type, ajv.compile(schema));
    } catch (cause) {
      throw new Error(`event contract ${type} is not a valid JSON Schema: ${String(cause)}`, { cause });
    }
  }

  function decode(value: unknown): DecodedEvent {
    const envelope = envelopeSchema.safeParse(value);
    if (!envelope.success) {
      const issue = envelope.error.issues[0];
      return { ok: false, problem: `envelope: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "invalid"}` };
    }
    const event = envelope.data;
    const check = checks.get(event.type);
    if (check === undefined) return { ok: false, problem: `unknown event type ${event.type}` };
    if (!check(event.data))
      return { ok: false, problem: `${event.type}: ${ajv.errorsText(check.errors, { dataVar: "data" })}` };
    return { ok: true, event };
  }

  function validate(event: unknown): string | undefined {
    const decoded = decode(event);
    return decoded.ok ? undefined : decoded.problem;
  }

  return {
    types: [...checks.keys()].sort(),
    validate,
    encodeEvent(event) {
      const problem = validate(event);
      if (problem !== undefined) throw new AppError("INTERNAL_SERVER_ERROR", `event breaks its contract: ${problem}`);
      const unrecordable = whyUnrecordable(event);
      if (unrecordable !== undefined) {
        throw new AppError("BAD_USER_INPUT", `The change cannot be recorded, so it was not made: ${unrecordable}.`, {
          details: { eventType: event.type },
        });
      }
      const text = JSON.stringify(event);
      const bytes = Buffer.byteLength(text);
      if (bytes > MAX_EVENT_BYTES) {
        throw new AppError(
          "BAD_USER_INPUT",
          `The change is too large: its event has ${bytes} bytes, the limit is ${MAX_EVENT_BYTES}.`,
          {
            details: { limitBytes: MAX_EVENT_BYTES },
          },
        );
      }
      return text;
    },
    decodeEvent(text) {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch (error) {
        return { ok: false, problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
      }
      return decode(value);
    },
  };
}
