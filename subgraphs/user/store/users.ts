/**
 * Statements on users. They are nobody's tenant rows: policies.ts says who may see whom. Each change is an event of the
 * account's history and what it makes of the account, written together.
 */
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { UserModel } from "../../../prisma/user/generated/models/User.ts";
import { type ProfileEventType, UserStatus } from "../../../schema/generated/user.ts";
import { type OrganizationId, UserId } from "../domain/ids.ts";
import type { PendingRegistration } from "../domain/pending-registration.ts";
import { changesBetween, type ProfileState, type ProfileVersion } from "../domain/profile.ts";
import type { Credentials, User } from "../domain/user.ts";
import type { UserTransaction } from "./database.ts";
import { eraseProfileEvents, insertProfileEvent } from "./profile-events.ts";
import { tables } from "./tables.ts";

/** All but the password's hash. */
const VISIBLE = {
  id: true,
  email: true,
  emailVerifiedAt: true,
  displayName: true,
  locale: true,
  timeZone: true,
  status: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const;

function toUser(row: Pick<UserModel, keyof typeof VISIBLE>): User {
  const { email, emailVerifiedAt, displayName, locale, timeZone, version, createdAt, updatedAt } = row;
  return {
    id: UserId.require(row.id),
    email,
    emailVerifiedAt,
    displayName,
    locale,
    timeZone,
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

/** For a user who is signed in, to compare with. */
export async function findPasswordHash(tx: UserTransaction, id: UserId): Promise<string | undefined> {
  const row = await tables(tx).user.findUnique({ where: { id }, select: { passwordHash: true } });
  return row?.passwordHash;
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

/** Who changes an account, and when. */
export interface ProfileCause {
  readonly causation: Pick<Causation, "actorId" | "correlationId">;
  readonly now: Date;
}

export interface NewUser {
  readonly id: UserId;
  readonly email: string;
  readonly displayName: string;
  /** BCP 47; null: not chosen. */
  readonly locale: string | null;
  readonly passwordHash: string;
}

/** False when the address has a user already, also one whose insert is running. */
export async function insertUser(tx: UserTransaction, user: NewUser, cause: ProfileCause): Promise<boolean> {
  const { now } = cause;
  const times = { verificationRequestedAt: now, createdAt: now, updatedAt: now };
  const data = [{ ...user, status: "PENDING_VERIFICATION", ...times }];
  const { count } = await tables(tx).user.createMany({ data, skipDuplicates: true });
  if (count === 0) return false;
  const inserted = await findUser(tx, user.id);
  if (inserted !== undefined) await record(tx, "REGISTERED", undefined, inserted, cause);
  return true;
}

interface Writing {
  readonly type: ProfileEventType;
  /** Otherwise nothing is changed. */
  readonly when?: (user: User) => boolean;
  readonly set: Partial<Pick<UserModel, "email" | "emailVerifiedAt" | "displayName" | "passwordHash" | "status">> &
    Partial<
      Pick<UserModel, "locale" | "timeZone" | "verificationRequestedAt" | "resetRequestedAt" | "hasSecondFactor">
    >;
}

/** @returns the user as it is now; undefined when there is none, or none that may be changed so */
export async function writeUser(
  tx: UserTransaction,
  id: UserId,
  { type, when, set }: Writing,
  cause: ProfileCause,
): Promise<User | undefined> {
  await lockUser(tx, id);
  const before = await findUser(tx, id);
  if (before === undefined || when?.(before) === false) return undefined;
  const data = { ...set, updatedAt: cause.now, version: { increment: 1 } };
  const after = toUser(await tables(tx).user.update({ where: { id }, data, select: VISIBLE }));
  await record(tx, type, before, after, cause);
  return after;
}

async function record(
  tx: UserTransaction,
  type: ProfileEventType,
  before: User | undefined,
  after: User,
  { causation: { actorId, correlationId }, now }: ProfileCause,
): Promise<void> {
  await insertProfileEvent(tx, {
    userId: after.id,
    sequence: after.version,
    type,
    changes: changesBetween(before === undefined ? undefined : profileOf(before), profileOf(after)),
    actorId: actorId ?? null,
    traceId: correlationId,
    occurredAt: now,
  });
}

/**
 * Changes an account and forgets its history: what it is from now on is all that is known of it.
 * @throws Error for a user that is not there
 */
export async function restartHistory(
  tx: UserTransaction,
  id: UserId,
  { type, set, cause }: Pick<Writing, "type" | "set"> & { readonly cause: ProfileCause },
): Promise<User> {
  const data = { ...set, updatedAt: cause.now, version: { increment: 1 } };
  const after = toUser(await tables(tx).user.update({ where: { id }, data, select: VISIBLE }));
  await eraseProfileEvents(tx, id);
  await record(tx, type, undefined, after, cause);
  return after;
}

/** Makes the row what its history says, as its next version: whoever holds an older one must drop it. */
export async function restoreProfile(
  tx: UserTransaction,
  id: UserId,
  { version, state: { emailVerifiedAt, ...state } }: ProfileVersion,
  { causation: { actorId, correlationId }, now }: ProfileCause,
): Promise<User> {
  const stored = existing(await findUser(tx, id));
  const next = Math.max(stored.version, version) + 1;
  const verifiedAt = emailVerifiedAt === null ? null : new Date(emailVerifiedAt);
  const data = { ...state, emailVerifiedAt: verifiedAt, updatedAt: now, version: next };
  const restored = toUser(await tables(tx).user.update({ where: { id }, data, select: VISIBLE }));
  const by = { actorId: actorId ?? null, traceId: correlationId };
  await insertProfileEvent(tx, { userId: id, sequence: next, type: "REBUILT", changes: {}, ...by, occurredAt: now });
  return restored;
}

/** What the history tells of a user. */
export function profileOf({ emailVerifiedAt, ...user }: User): ProfileState {
  const { email, displayName, status, locale, timeZone } = user;
  return { email, emailVerifiedAt: emailVerifiedAt?.toISOString() ?? null, displayName, status, locale, timeZone };
}

const isPending = ({ status }: User) => status === "PENDING_VERIFICATION";

/**
 * Replaces what an unconfirmed account is told by until its address is confirmed.
 * @returns undefined when the user is not unconfirmed (any more)
 */
export function replaceRegistration(
  tx: UserTransaction,
  { id, displayName, locale, passwordHash }: Omit<NewUser, "email">,
  cause: ProfileCause,
): Promise<User | undefined> {
  const set = { displayName, locale, passwordHash, verificationRequestedAt: cause.now };
  return writeUser(tx, id, { type: "REGISTERED_AGAIN", when: isPending, set }, cause);
}

/** What becomes of an account when its address is confirmed. */
export type ChosenProfile = Pick<PendingRegistration, "userId" | "displayName" | "locale" | "passwordHash">;

/** Confirms the address with what was chosen; `undefined` when the user was not waiting for it. */
export function activateUser(
  tx: UserTransaction,
  { userId, ...chosen }: ChosenProfile,
  cause: ProfileCause,
): Promise<User | undefined> {
  const { displayName, locale, passwordHash } = chosen;
  const set = { status: "ACTIVE", emailVerifiedAt: cause.now, displayName, locale, passwordHash };
  return writeUser(tx, userId, { type: "EMAIL_VERIFIED", when: isPending, set }, cause);
}

/**
 * @throws Error for a user that is not there
 * @throws what `isUniqueViolation` knows when another account has the address
 */
export async function setEmail(
  tx: UserTransaction,
  { id, email }: Pick<NewUser, "id" | "email">,
  cause: ProfileCause,
): Promise<User> {
  const set = { email, emailVerifiedAt: cause.now };
  return existing(await writeUser(tx, id, { type: "EMAIL_CHANGED", set }, cause));
}

/** @throws Error for a user that is not there */
export async function setPassword(
  tx: UserTransaction,
  { id, passwordHash }: Pick<NewUser, "id" | "passwordHash">,
  cause: ProfileCause,
): Promise<User> {
  return existing(await writeUser(tx, id, { type: "PASSWORD_CHANGED", set: { passwordHash } }, cause));
}

/** @throws Error for a user that is not there */
export async function setUserStatus(
  tx: UserTransaction,
  { id, status }: { id: UserId; status: UserStatus },
  cause: ProfileCause,
): Promise<User> {
  const type = status === "SUSPENDED" ? "SUSPENDED" : "REINSTATED";
  return existing(await writeUser(tx, id, { type, set: { status } }, cause));
}

function existing(user: User | undefined): User {
  if (user === undefined) throw new Error("the user is gone");
  return user;
}

/** Allows one verification mail per pause: the user's version when it is due, else `undefined`. */
export async function claimVerificationRequest(
  tx: UserTransaction,
  id: UserId,
  { now, notAfter }: { now: Date; notAfter: Date },
): Promise<number | undefined> {
  const [row] = await tables(tx).user.updateManyAndReturn({
    where: { id, status: { in: ["PENDING_VERIFICATION", "ACTIVE"] }, verificationRequestedAt: { lte: notAfter } },
    data: { verificationRequestedAt: now },
    select: { version: true },
  });
  return row?.version;
}

/** Allows one mail for a new password per pause: the user's version when it is due, else `undefined`. */
export async function claimResetRequest(
  tx: UserTransaction,
  id: UserId,
  { now, notAfter }: { now: Date; notAfter: Date },
): Promise<number | undefined> {
  const due = { OR: [{ resetRequestedAt: null }, { resetRequestedAt: { lte: notAfter } }] };
  const [row] = await tables(tx).user.updateManyAndReturn({
    where: { id, status: { in: ["PENDING_VERIFICATION", "ACTIVE"] }, ...due },
    data: { resetRequestedAt: now },
    select: { version: true },
  });
  return row?.version;
}

/** The same password under another hash: nobody sees a change. Not when it was changed meanwhile. */
export async function rehashPassword(
  tx: UserTransaction,
  { id, from, to }: { id: UserId; from: string; to: string },
): Promise<void> {
  await tables(tx).user.updateMany({ where: { id, passwordHash: from }, data: { passwordHash: to } });
}

/** Holds the user until the end of the transaction: what one user does is counted without gaps. */
export function lockUser(tx: UserTransaction, id: UserId): Promise<void> {
  return lockUsers(tx, [id]);
}

/** In the order of their ids, so that nobody who locks several waits for another who does. */
export async function lockUsers(tx: UserTransaction, ids: readonly UserId[]): Promise<void> {
  await tables(tx).$queryRaw`SELECT id FROM "user" WHERE id = ANY (${[...ids]}) ORDER BY id FOR NO KEY UPDATE`;
}
