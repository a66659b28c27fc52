/**
 * A read model of its own: how many people registered and confirmed their address on each day, in UTC. It counts
 * events, each once. Where it is new it begins with the users that there are, since the log no longer knows all of
 * them.
 */
import { z } from "zod";
import type { Backfill } from "../../../platform/events/backfill.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import type { RoutedHandler } from "../../../platform/events/routing-table.ts";
import { readStreams } from "../../../platform/events/snapshot-mark.ts";
import type { ConsumerServices } from "../services.ts";
import type { UserTransaction } from "../store/database.ts";
import {
  addRegistrations,
  dayOf,
  deleteRegistrationDays,
  REGISTRATION_STATES,
  type RegistrationDay,
  registrationState,
} from "../store/registration-days.ts";
import { pageUserIds } from "../store/users.ts";

type Handler = RoutedHandler<unknown, UserTransaction>;

const times = z.object({ registeredAt: z.coerce.date().optional(), verifiedAt: z.coerce.date().optional() });

/** When it happened by the row; by the event where an earlier release did not say. */
function dayIn({ data, time }: EventEnvelope, member: keyof z.infer<typeof times>): string {
  return dayOf(times.parse(data)[member] ?? new Date(time));
}

export const countRegistered: Handler = (_, event, tx) =>
  addRegistrations(tx, [{ day: dayIn(event, "registeredAt"), registered: 1, verified: 0 }]);

export const countVerified: Handler = (_, event, tx) =>
  addRegistrations(tx, [{ day: dayIn(event, "verifiedAt"), registered: 0, verified: 1 }]);

export const registrationBackfill: Backfill<ConsumerServices, UserTransaction> = {
  source: ({ database, topic }) => ({
    topic,
    keys: (after, limit) => pageUserIds(database.autocommit, after, limit),
    read: (keys) => readStreams(database, { topic, states: REGISTRATION_STATES }, keys),
  }),
  async add(tx, states) {
    const days = new Map<string, RegistrationDay>();
    const count = (instant: Date | null, part: "registered" | "verified") => {
      if (instant === null) return;
      const day = dayOf(instant);
      const { registered, verified } = days.get(day) ?? { registered: 0, verified: 0 };
      const counts = { registered, verified };
      counts[part] += 1;
      days.set(day, { day, ...counts });
    };
    for (const state of states) {
      const { registeredAt, verifiedAt } = registrationState.parse(state);
      count(registeredAt, "registered");
      count(verifiedAt, "verified");
    }
    await addRegistrations(tx, [...days.values()]);
  },
  reset: deleteRegistrationDays,
};
