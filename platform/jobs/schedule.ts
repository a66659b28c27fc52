/** When a job runs: the moments of its schedule are the same for every instance, so each is one run's at most. */
import { Cron } from "croner";

/** Every so many milliseconds, counted from 1970; or by a cron expression in UTC, also one with a field for seconds. */
export type Schedule = { readonly everyMs: number } | { readonly cron: string };

/** The latest moment of the schedule that is not after `now`; undefined when there was none yet. */
export type SlotClock = (now: Date) => Date | undefined;

/** @throws TypeError for a schedule that means no moment */
export function slotClock(schedule: Schedule): SlotClock {
  if ("everyMs" in schedule) {
    const { everyMs } = schedule;
    if (!Number.isSafeInteger(everyMs) || everyMs <= 0) throw new TypeError(`not a pause in milliseconds: ${everyMs}`);
    return (now) => new Date(Math.floor(now.getTime() / everyMs) * everyMs);
  }
  const cron = new Cron(schedule.cron, { timezone: "UTC", paused: true });
  // croner 11.0 leaves out a moment that is the reference itself.
  return (now) => cron.previousRuns(1, new Date(now.getTime() + 1)).at(0);
}
