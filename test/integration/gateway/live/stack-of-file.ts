// The live room over a log of its own, for the tests of one file: started before them, stopped after them.
import { afterAll, beforeAll } from "vitest";
import { type EventLogOfFile, eventLogOfFile } from "../../../support/services/event-log-of-file.ts";
import { type LiveStack, type StackOptions, startLiveStack } from "./live-stack.ts";
import { type StreamStack, startStreamStack } from "./stream-stack.ts";

export interface StackOfFile<Stack> extends EventLogOfFile {
  /** Not before the file's hooks run. */
  readonly stack: Stack;
}

type Options = Omit<StackOptions, "log">;

/** Over sockets. */
export function liveStackOfFile(options: Options = {}): StackOfFile<LiveStack> {
  return stackOfFile(startLiveStack, options);
}

/** Over sockets and HTTP streams. */
export function streamStackOfFile(options: Options = {}): StackOfFile<StreamStack> {
  return stackOfFile(startStreamStack, options);
}

function stackOfFile<Stack extends { stop(): Promise<void> }>(
  start: (options: StackOptions) => Promise<Stack>,
  options: Options,
): StackOfFile<Stack> {
  const events = eventLogOfFile();
  let started: Stack | undefined;
  beforeAll(async () => {
    started = await start({ ...options, log: events.log });
  });
  afterAll(() => started?.stop());
  return {
    get log() {
      return events.log;
    },
    get databases() {
      return events.databases;
    },
    get stack() {
      if (started === undefined) throw new Error("no stack yet: a hook starts it");
      return started;
    },
  };
}
