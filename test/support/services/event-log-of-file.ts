// An event log for the tests of one file: there before their own set-up begins, gone after it was taken down.
import { afterAll, beforeAll } from "vitest";
import type { EventLog } from "../../../platform/events/event-log.ts";
import type { EventDatabases } from "./event-databases.ts";
import { type OpenEventLog, openEventLog } from "./event-log.ts";

/** Neither is there before the file's hooks run. */
export interface EventLogOfFile {
  readonly log: EventLog;
  /** Where the log is. */
  readonly databases: EventDatabases;
}

export function eventLogOfFile(): EventLogOfFile {
  let opened: OpenEventLog | undefined;
  beforeAll(async () => {
    opened = await openEventLog("silent");
  });
  afterAll(() => opened?.stop());
  function world(): OpenEventLog {
    if (opened === undefined) throw new Error("no log yet: a hook opens it");
    return opened;
  }
  return {
    get log() {
      return world().log;
    },
    get databases() {
      return world().databases;
    },
  };
}
