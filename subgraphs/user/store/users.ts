/** Statements about users and the tokens that confirm their addresses. */
import type { UserTransaction } from "../../../prisma/user/client.ts";
import type { UserStatus } from "../../../schema/generated/user.ts";
import { oneOf } from "./rows.ts";

const STATUSES = ["PENDING_VERIFICATION", "ACTIVE", "SUSPENDED", "ERASED"] as const satisfies readonly UserStatus[];

/** A user as others may see it: the password's hash stays behind. */
export interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly emailVerifiedAt: Date | null;
  readonly displayName: string;
  readonly status: UserStatus;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

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

function toUser<Row extends { status: string }>(row: Row): Omit<Row, "status"> & { status: UserStatus } {
  return { ...row, status: oneOf(STATUSES, row.status) };
}

export async function findUsers(tx: UserTransaction, ids: readonly string[]): Promise<UserRow[]> {
  const rows = await tx.user.findMany({ where: { id: { in: [...ids] } }, select: VISIBLE });
  return rows.map(toUser);
}

export async function findUser(tx: UserTransaction, id: string): Promise<UserRow | undefined> {
  const row = await tx.user.findUnique({ where: { id }, select: VISIBLE });
  return row === null ? undefined : toUser(row);
}

export async function findUserByEmail(tx: UserTransaction, email: string): Promise<UserRow | undefined> {
  const row = await tx.user.findUnique({ where: { email }, select: VISIBLE });
  return row === null ? undefined : toUser(row);
}

/** With the password's hash: for signing in, and for nothing else. */
export async function findCredentials(
  tx: UserTransaction,
  email: string,
): Promise<{ id: string; status: UserStatus; passwordHash: string } | undefined> {
  const row = await tx.user.findUnique({ where: { email }, select: { id: true, status: true, passwordHash: true } });
  return row === null ? undefined : toUser(row);
}

/** The ids of users who share one of the organisations. */
export async function findMemberIds(
  tx: UserTransaction,
  userIds: readonly string[],
  organizationIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await tx.membership.findMany({
    where: { userId: { in: [...userIds] }, organizationId: { in: [...organizationIds] } },
    select: { userId: true },
    distinct: ["userId"],
  });
  return new Set(rows.map(({ userId }) => userId));
}

export interface NewUser {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  readonly passwordHash: string;
  readonly now: Date;
}

/** False when the address has a user already, also one whose insert is running. */
export async function insertUser(tx: UserTransaction, user: NewUser): Promise<boolean> {
  const { id, email, displayName, passwordHash, now } = user;
  const { count } = await tx.user.createMany({
    data: [
      {
        id,
        email,
        displayName,
        passwordHash,
        status: "PENDING_VERIFICATION",
        verificationRequestedAt: now,
        createdAt: now,
        updatedAt: now,
      },
    ],
    skipDuplicates: true,
  });
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
  const [row] = await tx.user.updateManyAndReturn({
    where: { id, status: "PENDING_VERIFICATION" },
    data: { displayName, passwordHash, updatedAt: now, verificationRequestedAt: now, version: { increment: 1 } },
    select: { version: true },
  });
  if (row === undefined) return undefined;
  await tx.emailVerification.deleteMany({ where: { userId: id, usedAt: null } });
  return row.version;
}

/** Allows one verification mail per pause: the user's version when it is due, else `undefined`. */
export async function claimVerificationRequest(
  tx: UserTransaction,
  id: string,
  { now, notAfter }: { now: Date; notAfter: Date },
): Promise<number | undefined> {
  const [row] = await tx.user.updateManyAndReturn({
    where: { id, status: "PENDING_VERIFICATION", verificationRequestedAt: { lte: notAfter } },
    data: { verificationRequestedAt: now },
    select: { version: true },
  });
  return row?.version;
}

export interface NewVerification {
  readonly tokenHash: string;
  readonly userId: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export async function insertVerification(tx: UserTransaction, verification: NewVerification): Promise<void> {
  await tx.emailVerification.create({ data: verification });
}

/** False when the token is unknown, used or expired. */
export async function consumeVerification(
  tx: UserTransaction,
  { userId, tokenHash, now }: { userId: string; tokenHash: string; now: Date },
): Promise<boolean> {
  const { count } = await tx.emailVerification.updateMany({
    where: { tokenHash, userId, usedAt: null, expiresAt: { gt: now } },
    data: { usedAt: now },
  });
  return count === 1;
}

/** Confirms the address; `undefined` when the user was not waiting for it. */
export async function activateUser(tx: UserTransaction, id: string, now: Date): Promise<UserRow | undefined> {
  const [row] = await tx.user.updateManyAndReturn({
    where: { id, status: "PENDING_VERIFICATION" },
    data: { status: "ACTIVE", emailVerifiedAt: now, updatedAt: now, version: { increment: 1 } },
    select: VISIBLE,
  });
  return row === undefined ? undefined : toUser(row);
}

/** Of a user whom the transaction holds. @returns the new version */
export async function setUserStatus(
  tx: UserTransaction,
  { id, status, now }: { id: string; status: UserStatus; now: Date },
): Promise<number> {
  const { version } = await tx.user.update({
    where: { id },
    data: { status, updatedAt: now, version: { increment: 1 } },
    select: { version: true },
  });
  return version;
}

/** Holds the user until the end of the transaction: what one user does is counted without gaps. */
export async function lockUser(tx: UserTransaction, id: string): Promise<void> {
  await tx.$queryRaw`SELECT id FROM "user" WHERE id = ${id} FOR NO KEY UPDATE`;
}
