/** The refusals that several commands of the user subgraph share. */
import type { Identity } from "../../platform/auth/identity.ts";
import { canOperate } from "../../platform/auth/operators.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import { refuse, type UserError, UserFailure } from "../../platform/errors/user-failure.ts";
import type { Organization } from "./domain/organization.ts";

/** @throws AppError `FORBIDDEN` for everybody but the command line of operators */
export function requireOperator(identity: Identity): void {
  if (!canOperate(identity, undefined)) throw new AppError("FORBIDDEN", "Only operators may do this.");
}

/**
 * For commands that hold the organisation: the signed header may be older than the suspension.
 * @throws UserFailure `FORBIDDEN` in an organisation that is suspended, closed or deleted
 */
export function requireActive(organization: Pick<Organization, "status"> | undefined): void {
  if (organization?.status === "SUSPENDED") throw refuse("FORBIDDEN", "This organisation is suspended.");
  if (organization?.status === "CLOSED") throw refuse("FORBIDDEN", "This organisation is closed.");
  if (organization?.status === "DELETING") {
    throw refuse("FORBIDDEN", "This organisation is being deleted: an owner can restore it.");
  }
  if (organization?.status === "DELETED") throw refuse("FORBIDDEN", "This organisation is deleted.");
}

export function accountSuspended(field: string): UserFailure {
  return refuse("STATE_INVALID", "This account is suspended: ask those who run this platform.", field);
}

export function noSecondFactor(): UserFailure {
  return refuse("STATE_INVALID", "Your account has no second factor.");
}

export function slugTaken(): UserFailure {
  return refuse("TAKEN", "This slug is in use: choose another one.", "slug");
}

export function lastOwnerFailure(): UserFailure {
  return refuse("STATE_INVALID", "This is the last owner: make somebody else an owner first.", "id");
}

/** Signing in takes more than the password. */
export class SecondFactorRequired extends UserFailure {
  /** What `navigator.credentials.get` takes, as JSON; null: the account has no passkey. */
  readonly passkeyOptions: object | null;

  constructor(userErrors: readonly UserError[], passkeyOptions: object | null) {
    super(userErrors);
    this.passkeyOptions = passkeyOptions;
  }
}
