/** An account's history: what it is now is what its events make of it. */
import { z } from "zod";
import { type ProfileEventType, UserStatus } from "../../../schema/generated/user.ts";
import type { UserId } from "./ids.ts";

export const profileState = z.object({
  email: z.string(),
  /** RFC 3339, in UTC. */
  emailVerifiedAt: z.iso.datetime().nullable(),
  displayName: z.string(),
  status: z.enum(UserStatus),
  locale: z.string().nullable(),
  timeZone: z.string().nullable(),
});

/** All that the history tells of an account. Passwords are not among it: of those it tells only that they changed. */
export type ProfileState = z.infer<typeof profileState>;

type Field = keyof ProfileState;

const FIELDS: readonly Field[] = profileState.keyof().options;

const change = z.object({ from: z.string().nullable(), to: z.string().nullable() });

export const profileChanges = z.partialRecord(z.enum(FIELDS), change);

/** By field, from what to what. */
export type ProfileChanges = z.infer<typeof profileChanges>;

export interface ProfileEvent {
  readonly userId: UserId;
  /** The account's version after it. */
  readonly sequence: number;
  readonly type: ProfileEventType;
  readonly changes: ProfileChanges;
  /** Null: nobody was signed in. */
  readonly actorId: string | null;
  readonly traceId: string;
  readonly occurredAt: Date;
}

export interface ProfileVersion {
  readonly version: number;
  /** When it came to be so. */
  readonly at: Date;
  readonly state: ProfileState;
}

/** @param before undefined: there was no account */
export function changesBetween(before: ProfileState | undefined, after: ProfileState): ProfileChanges {
  const changed = FIELDS.filter((field) => before === undefined || before[field] !== after[field]);
  return Object.fromEntries(changed.map((field) => [field, { from: before?.[field] ?? null, to: after[field] }]));
}

/**
 * @param events of one account, in order, from the first on
 * @returns undefined without events
 * @throws Error when they make no whole account
 */
export function replayed(events: readonly ProfileEvent[]): ProfileVersion | undefined {
  const last = events.at(-1);
  if (last === undefined) return undefined;
  const state: Partial<Record<Field, string | null>> = {};
  for (const { changes } of events) {
    for (const field of FIELDS) {
      const changed = changes[field];
      if (changed !== undefined) state[field] = changed.to;
    }
  }
  return { version: last.sequence, at: last.occurredAt, state: profileState.parse(state) };
}
