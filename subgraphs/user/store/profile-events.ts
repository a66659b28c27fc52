/** Statements on the history of accounts: it is appended to and read, until the person is erased. */
import { keysetWalk, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { ProfileEventModel } from "../../../prisma/user/generated/models/ProfileEvent.ts";
import { ProfileEventType } from "../../../schema/generated/user.ts";
import { UserId } from "../domain/ids.ts";
import { type ProfileEvent, profileChanges } from "../domain/profile.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toProfileEvent({ sequence, actorId, traceId, occurredAt, ...row }: ProfileEventModel): ProfileEvent {
  return {
    userId: UserId.require(row.userId),
    sequence,
    type: storedEnum(ProfileEventType, row.type),
    changes: profileChanges.parse(row.changes),
    actorId,
    traceId,
    occurredAt,
  };
}

export async function insertProfileEvent(tx: UserTransaction, event: ProfileEvent): Promise<void> {
  await tables(tx).profileEvent.create({ data: event });
}

/** Of somebody who was erased: values of theirs are in it. The database refuses it for anybody else. */
export async function eraseProfileEvents(tx: UserTransaction, userId: UserId): Promise<void> {
  await tables(tx).$executeRaw`SELECT erase_profile_history(${userId})`;
}

/** In order. @param until default: all of them */
export async function findProfileEvents(tx: UserTransaction, userId: UserId, until?: Date): Promise<ProfileEvent[]> {
  const where = { userId, ...(until === undefined ? {} : { occurredAt: { lte: until } }) };
  const rows = await tables(tx).profileEvent.findMany({ where, orderBy: { sequence: "asc" } });
  return rows.map(toProfileEvent);
}

/** Newest first. */
export async function pageProfileEvents(
  tx: UserTransaction,
  userId: UserId,
  page: Page,
): Promise<RowPage<ProfileEvent>> {
  const { order, take, beyond } = keysetWalk(page, "descending");
  const { profileEvent } = tables(tx);
  const where = { userId, ...(page.key === undefined ? {} : { sequence: beyond(Number(page.key)) }) };
  const rows = await profileEvent.findMany({ where, orderBy: { sequence: order }, take });
  return {
    rows: rows.map(toProfileEvent),
    totalCount: page.counted ? await profileEvent.count({ where: { userId } }) : null,
  };
}
