/** What resolvers, commands and consumers work with: made once per process by index.ts. */
import type { Identity } from "../../platform/auth/identity.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Causation } from "../../platform/events/envelope.ts";
import type { Outbox } from "../../platform/events/outbox.ts";
import type { CursorCodec } from "../../platform/graphql/connection.ts";
import type { IdSource } from "../../platform/ids.ts";
import type { UserClient } from "../../prisma/user/client.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { PasswordHasher } from "./passwords.ts";
import type { UserIdentity } from "./policies.ts";
import type { UserRows } from "./rows.ts";

export interface UserServices {
  readonly client: UserClient;
  readonly outbox: Outbox;
  /** Rows kept between requests. */
  readonly rows: UserRows;
  /** Those that a command's events make old: see `runCommand`. */
  readonly evict: UserRows["evict"];
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly passwords: PasswordHasher;
  readonly accessTokens: AccessTokens;
  readonly cursors: CursorCodec;
  /** Lifetime of sessions and of their refresh tokens, in milliseconds. */
  readonly sessionLifetimeMs: number;
}

/** The cause of a change that nobody has to be signed in for. */
export interface Cause {
  readonly causation: Causation;
  readonly client: { readonly ip?: string; readonly userAgent?: string };
}

/** Somebody who runs the platform and asks for a change. */
export interface Operator {
  readonly identity: Identity;
  readonly causation: Causation;
}

/** What operators' commands work with: they run in a process of their own, without keys and passwords. */
export type OperatorServices = Pick<UserServices, "client" | "outbox" | "clock">;

/** A signed-in user who asks for a change. */
export interface Actor extends Cause {
  readonly identity: UserIdentity;
}
