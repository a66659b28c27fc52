// What every `EventLog` adapter guarantees. Each adapter's test file runs this suite with a harness of its own.
import { describe } from "vitest";
import { describeGroups } from "./event-log-contract/groups.ts";
import { describeRecords } from "./event-log-contract/records.ts";
import { describeTails } from "./event-log-contract/tails.ts";
import { contractWorld, type EventLogHarness } from "./event-log-contract/world.ts";

export function describeEventLog(name: string, createHarness: () => Promise<EventLogHarness>): void {
  describe(`event log over ${name}`, () => {
    const world = contractWorld(createHarness);
    describeRecords(world);
    describeTails(world);
    describeGroups(world);
  });
}
