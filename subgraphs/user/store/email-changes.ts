/** Statements on changes of address, and on the tokens of their links. */
import type { EmailChangeModel } from "../../../prisma/user/generated/models/EmailChange.ts";
import type { EmailChange } from "../domain/email-change.ts";
import { UserId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toEmailChange({ id, email, expiresAt, approvedAt, completedAt, ...row }: EmailChangeModel): EmailChange {
  return { id, userId: UserId.require(row.userId), email, expiresAt, approvedAt, completedAt };
}

export interface NewEmailChange extends Pick<EmailChange, "id" | "userId" | "email" | "expiresAt"> {
  readonly createdAt: Date;
}

/** Takes the place of the user's earlier one, whose links go with it. */
export async function replaceEmailChange(tx: UserTransaction, change: NewEmailChange): Promise<void> {
  await tables(tx).emailChange.deleteMany({ where: { userId: change.userId } });
  await tables(tx).emailChange.create({ data: change });
}

export async function findEmailChange(tx: UserTransaction, userId: UserId): Promise<EmailChange | undefined> {
  const row = await tables(tx).emailChange.findUnique({ where: { userId } });
  return row === null ? undefined : toEmailChange(row);
}

/** The change that a link belongs to. */
export async function findEmailChangeOfToken(
  tx: UserTransaction,
  { userId, tokenHash }: { userId: UserId; tokenHash: string },
): Promise<EmailChange | undefined> {
  const row = await tables(tx).emailChangeToken.findUnique({
    where: { tokenHash, userId },
    select: { change: true },
  });
  return row === null ? undefined : toEmailChange(row.change);
}

export async function insertEmailChangeToken(
  tx: UserTransaction,
  { change, tokenHash, createdAt }: { change: EmailChange; tokenHash: string; createdAt: Date },
): Promise<void> {
  const { id: changeId, userId } = change;
  await tables(tx).emailChangeToken.create({ data: { tokenHash, changeId, userId, createdAt } });
}

export async function approveEmailChange(tx: UserTransaction, { id }: EmailChange, now: Date): Promise<void> {
  await tables(tx).emailChange.update({ where: { id }, data: { approvedAt: now } });
}

export async function completeEmailChange(tx: UserTransaction, { id }: EmailChange, now: Date): Promise<void> {
  await tables(tx).emailChange.update({ where: { id }, data: { completedAt: now } });
}
