/**
 * The supergraph file as a source of schema generations. The file is read twice a second. A changed file that is a
 * valid supergraph becomes current. Any other change is logged once and ignored, so that a bad deploy leaves the
 * gateway serving.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { AppError } from "../../platform/errors/app-error.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { SchemaGeneration, SchemaSource } from "../ports.ts";
import { type CheckedScalars, checkScalars } from "./checked-scalars.ts";
import { buildGeneration } from "./schema-generation.ts";

/** Polled rather than watched: file events are lost on mounted volumes and on replaced symbolic links. */
const POLL_MS = 500;

export interface SupergraphFile extends SchemaSource {
  stop(): Promise<void>;
}

export interface SupergraphFileOptions {
  readonly maxPlanOptions?: number;
  readonly scalars?: CheckedScalars;
  /** Refuses, by throwing, a valid supergraph that this gateway cannot serve. */
  readonly check?: (generation: SchemaGeneration) => void;
}

/** @throws AppError `CONFIG_INVALID` when the file cannot be read or is no valid supergraph, and what `check` throws */
export async function openSupergraphFile(
  file: string,
  logger: Logger,
  { maxPlanOptions, scalars = {}, check }: SupergraphFileOptions = {},
): Promise<SupergraphFile> {
  const build = (sdl: string): SchemaGeneration => {
    const generation = buildGeneration(sdl, maxPlanOptions);
    checkScalars(generation.apiSchema, scalars);
    check?.(generation);
    return generation;
  };
  let seen = await read(file);
  let current = build(seen);
  const listeners = new Set<(generation: SchemaGeneration) => void>();

  async function look(): Promise<void> {
    const sdl = await readFile(file, "utf8");
    if (sdl === seen) return;
    seen = sdl;
    const next = build(sdl);
    const previous = current;
    current = next;
    try {
      for (const listener of listeners) listener(next);
    } catch (error) {
      current = previous;
      throw error;
    }
    logger.info({ generation: next.id, previous: previous.id }, "took up a new supergraph");
  }

  let looking = Promise.resolve();
  let unreadable = false;
  const timer = setInterval(() => {
    looking = looking.then(look).then(
      () => {
        unreadable = false;
      },
      (error: unknown) => {
        // A file that is missing for a moment while it is replaced is no news; one that stays away is, once.
        const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
        if (missing && unreadable) return;
        unreadable = missing;
        logger.error({ err: error, file }, "refused a new supergraph: the one in use stays");
      },
    );
  }, POLL_MS);
  timer.unref();

  return {
    current: () => current,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new AppError(
      "CONFIG_INVALID",
      `The supergraph ${resolve(file)} cannot be read: check SUPERGRAPH_FILE (or --supergraph), or write it with "npm run schema".`,
      { cause: error },
    );
  }
}
