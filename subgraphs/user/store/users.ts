/** Statements on users. They are nobody's tenant rows: policies.ts says who may see whom. */
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { UserModel } from "../../../prisma/user/generated/models/User.ts";
import { UserStatus } from "../../../schema/generated/user.ts";
import { type OrganizationId, UserId } from "../domain/ids.ts";
import type { Credentials, User } from "../domain/user.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

/** All but the password's hash. */
const VISIBLE = {
  id: true,
  email: true,
  emailVerifiedAt: true,
  displayName: true,
  status: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const;

function toUser(row: Pick<UserModel, keyof typeof VISIBLE>): User {
  const { email, emailVerifiedAt, displayName, version, createdAt, updatedAt } = row;
  return {
    id: UserId.require(row.id),
    email,
    emailVerifiedAt,
    displayName,
    status: storedEnum(UserStatus, row.status),
    version,
    createdAt,
    updatedAt,
  };
}

export async function findUsers(tx: UserTransaction, ids: readonly UserId[]): Promise<User[]> {
  const rows = await tables(tx).user.findMany({ where: { id: { in: [...ids] } }, select: VISIBLE });
  return rows.map(toUser);
}

/** Ids behind `after`, in their order; all users that there are, page by page. */
export async function pageUserIds(tx: UserTransaction, after: string, limit: number): Promise<UserId[]> {
  const where = { id: { gt: after } };
  const rows = await tables(tx).user.findMany({ where, orderBy: { id: "asc" }, take: limit, select: { id: true } });
  return rows.map(({ id }) => UserId.require(id));
}

export async function findUser(tx: UserTransaction, id: UserId): Promise<User | undefined> {
  const row = await tables(tx).user.findUnique({ where: { id }, select: VISIBLE });
  return row === null ? undefined : toUser(row);
}

export async function findUserByEmail(tx: UserTransaction, email: string): Promise<User | undefined> {
  const row = await tables(tx).user.findUnique({ where: { email }, select: VISIBLE });
  return row === null ? undefined : toUser(row);
}

/** With the password's hash: for signing in, and for nothing else. */
export async function findCredentials(tx: UserTransaction, email: string): Promise<Credentials | undefined> {
  const select = { id: true, status: true, passwordHash: true } as const;
  const row = await tables(tx).user.findUnique({ where: { email }, select });
  if (row === null) return undefined;
  return { ...row, id: UserId.require(row.id), status: storedEnum(UserStatus, row.status) };
}

/** The ids of users who share one of the organisations. */
export async function findMemberIds(
  tx: UserTransaction,
  userIds: readonly UserId[],
  organizationIds: readonly OrganizationId[],
): Promise<ReadonlySet<UserId>> {
  const rows = await tables(tx).membership.findMany({
    where: { userId: { in: [...userIds] }, organizationId: { in: [...organizationIds] } },
    select: { userId: true },
    distinct: ["userId"],
  });
  return new Set(rows.map(({ userId }) => UserId.require(userId)));
}

export interface NewUser {
  readonly id: UserId;
  readonly email: string;
  readonly displayName: string;
  readonly passwordHash: string;
  readonly now: Date;
}

/** False when the address has a user already, also one whose insert is running. */
export async function insertUser(tx: UserTransaction, { now, ...user }: NewUser): Promise<boolean> {
  const times = { verificationRequestedAt: now, createdAt: now, updatedAt: now };
  const data = [{ ...user, status: "PENDING_VERIFICATION", ...times }];
  const { count } = await tables(tx).user.createMany({ data, skipDuplicates: true });
  return count === 1;
}

/**
 * Replaces what an unconfirmed registration set, and voids the links of the earlier one.
 * @returns the new version, `undefined` when the user is not unconfirmed (any more)
 */
export async function replaceRegistration(
  tx: UserTransaction,
  { id, displayName, passwordHash, now }: Omit<NewUser, "email">,
): Promise<number | undefined> {
  const [row] = await tables(tx).user.updateManyAndReturn({
    where: { id, status: "PENDING_VERIFICATION" },
    data: { displayName, passwordHash, updatedAt: now, verificationRequestedAt: now, version: { increment: 1 } },
    select: { version: true },
  });
  if (row === undefined) return undefined;
  await tables(tx).emailVerification.deleteMany({ where: { userId: id, usedAt: null } });
  return row.version;
}

/** Allows one verification mail per pause: the user's version when it is due, else `undefined`. */
export async function claimVerificationRequest(
  tx: UserTransaction,
  id: UserId,
  { now, notAfter }: { now: Date; notAfter: Date },
): Promise<number | undefined> {
  const [row] = await tables(tx).user.updateManyAndReturn({
    where: { id, status: "PENDING_VERIFICATION", verificationRequestedAt: { lte: notAfter } },
    data: { verificationRequestedAt: now },
    select: { version: true },
  });
  return row?.version;
}

/** Confirms the address; `undefined` when the user was not waiting for it. */
export async function activateUser(tx: UserTransaction, id: UserId, now: Date): Promise<User | undefined> {
  const [row] = await tables(tx).user.updateManyAndReturn({
    where: { id, status: "PENDING_VERIFICATION" },
    data: { status: "ACTIVE", emailVerifiedAt: now, updatedAt: now, version: { increment: 1 } },
    select: VISIBLE,
  });
  return row === undefined ? undefined : toUser(row);
}

/** Of a user whom the transaction holds. @returns the new version */
export async function setUserStatus(
  tx: UserTransaction,
  { id, status, now }: { id: UserId; status: UserStatus; now: Date },
): Promise<number> {
  const { version } = await tables(tx).user.update({
    where: { id },
    data: { status, updatedAt: now, version: { increment: 1 } },
    select: { version: true },
  });
  return version;
}

/** Holds the user until the end of the transaction: what one user does is counted without gaps. */
export async function lockUser(tx: UserTransaction, id: UserId): Promise<void> {
  await tables(tx).$queryRaw`SELECT id FROM "user" WHERE id = ${id} FOR NO KEY UPDATE`;
}
