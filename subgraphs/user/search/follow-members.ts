/**
 * Keeps what members are found by. An event says whose words may be others now; they are made anew of the account and
 * its memberships as they stand. So an event that comes twice, or late, does no harm. The account is locked meanwhile:
 * two events about one person are in different partitions, and the later writer must have read the later state.
 */
import { z } from "zod";
import type { Backfill } from "../../../platform/events/backfill.ts";
import type { RoutedHandler } from "../../../platform/events/routing-table.ts";
import { readStreams } from "../../../platform/events/snapshot-mark.ts";
import { UserId } from "../domain/ids.ts";
import { searchEntry } from "../domain/search-words.ts";
import type { ConsumerServices } from "../services.ts";
import type { UserTransaction } from "../store/database.ts";
import { replaceSearchEntries } from "../store/member-search.ts";
import { keepMembershipsOf } from "../store/memberships.ts";
import { findUsers, lockUsers, pageUserIds } from "../store/users.ts";

type Handler = RoutedHandler<unknown, UserTransaction>;

async function refresh(tx: UserTransaction, userIds: readonly UserId[]): Promise<void> {
  await lockUsers(tx, userIds);
  // Ending one takes its words along: whoever does so holds the membership first, so this does, too.
  await keepMembershipsOf(tx, userIds);
  const users = await findUsers(tx, userIds);
  await replaceSearchEntries(tx, new Map(users.map((user) => [user.id, searchEntry(user)])));
}

/** Of events in an account's stream. */
export const followAccount: Handler = (_, { partitionkey }, tx) => refresh(tx, [UserId.require(partitionkey)]);

const joined = z.object({ userId: UserId.schema });

/** Of events in an organisation's stream: the words in this organisation. */
export const followMembership: Handler = (_, { data }, tx) => refresh(tx, [joined.parse(data).userId]);

const STATES = `SELECT id AS key, to_json(id) AS state FROM "user" WHERE id = ANY ($1::text[])`;

export const memberSearchBackfill: Backfill<ConsumerServices, UserTransaction> = {
  source: ({ database, topic }) => ({
    topic,
    keys: (after, limit) => pageUserIds(database.autocommit, after, limit),
    read: (keys) => readStreams(database, { topic, states: STATES }, keys),
  }),
  add: (tx, states) => refresh(tx, z.array(UserId.schema).parse(states)),
  // A snapshot that is taken again replaces the words of everybody.
  reset: async () => undefined,
};
