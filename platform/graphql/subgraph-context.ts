/**
 * What resolvers of one request work with: who asks, what they may load, and what a command of this request changes.
 */
import {
  type ClientFacts,
  type Identity,
  type Principal,
  principalOf,
  tenantsOf,
  type UserIdentity,
} from "../auth/identity.ts";
import type { CommandOutcome } from "../database/command.ts";
import type { ReadSide } from "../database/replica/read-side.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import { createTenantReader, type TenantReader } from "../database/tenant-reader.ts";
import { AppError } from "../errors/app-error.ts";
import type { Causation } from "../events/envelope.ts";
import { causationOf, type RequestContext } from "./request-context.ts";

/** The cause of a change that nobody has to be signed in for. */
export interface Cause {
  readonly causation: Causation;
  readonly client: ClientFacts;
}

/** A signed-in user, or a program with an API key, who asks for a change. */
export interface Actor extends Cause {
  readonly identity: Principal;
}

/** A signed-in user who asks for a change that no program may ask for. */
export interface Person extends Cause {
  readonly identity: UserIdentity;
}

export interface SubgraphContext<Services, Tx extends SqlTransaction, Loaders> {
  readonly services: Services;
  readonly identity: Identity;
  readonly loaders: Loaders;
  /** Within the tenants of whoever asks. */
  readonly read: TenantReader<Tx>;
  readonly cause: Cause;
  /** @throws AppError `UNAUTHENTICATED` for nobody */
  actor(): Actor;
  /** @throws AppError `UNAUTHENTICATED` for nobody, `FORBIDDEN` for a program */
  person(): Person;
  /**
   * Takes a command's result: what was read before it is forgotten, and a stored result is reported as such.
   * @param identity what the caller is by this result: the signed header is older than that
   */
  settle<Result>(outcome: CommandOutcome<Result>, identity?: Identity): Result;
}

export interface SubgraphContextOptions<Services, Tx extends SqlTransaction, Loaders> {
  readonly services: Services & {
    readonly database: TransactionHost<Tx>;
    /** Where queries read; absent: from `database`. */
    readonly reads?: Pick<ReadSide<Tx>, "hostFor"> | undefined;
  };
  readonly request: RequestContext;
  readonly createLoaders: (read: TenantReader<Tx>, identity: Identity) => Loaders;
  /** Do commands change what the caller may do? Then the gateway asks anew after each. Default: no. */
  readonly commandsChangeRights?: boolean;
}

export function createSubgraphContext<Services, Tx extends SqlTransaction, Loaders>(
  options: SubgraphContextOptions<Services, Tx, Loaders>,
): SubgraphContext<Services, Tx, Loaders> {
  const { services, request, createLoaders, commandsChangeRights = false } = options;
  let { identity } = request;
  const reads = request.commands === true ? undefined : services.reads;
  const host = reads?.hostFor(identity) ?? services.database;
  let read = createTenantReader(host, tenantsOf(identity), request.readDeadline);
  let loaders = createLoaders(read, identity);
  const cause: Cause = { causation: causationOf(request), client: request.client };
  return {
    services,
    get identity() {
      return identity;
    },
    get loaders() {
      return loaders;
    },
    get read() {
      return read;
    },
    cause,
    actor: () => ({ ...cause, identity: requirePrincipal(identity) }),
    person: () => ({ ...cause, identity: requireUser(identity) }),
    settle(outcome, changed) {
      identity = changed ?? identity;
      read = createTenantReader(services.database, tenantsOf(identity));
      loaders = createLoaders(read, identity);
      if (outcome.replayed) request.idempotencyReplayed = true;
      if (commandsChangeRights) request.rightsChanged = true;
      return outcome.result;
    },
  };
}

function requirePrincipal(identity: Identity): Principal {
  const principal = principalOf(identity);
  if (principal === undefined) throw new AppError("UNAUTHENTICATED", "Sign in first.");
  return principal;
}

function requireUser(identity: Identity): UserIdentity {
  const principal = requirePrincipal(identity);
  if (principal.kind === "USER") return principal;
  throw new AppError("FORBIDDEN", "This takes a person: an API key cannot do it.");
}
