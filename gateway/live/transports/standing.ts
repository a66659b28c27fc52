/**
 * Who stands behind one request for as long as its answer streams: asked again when somebody lost rights, until the token ends.
 * A revocation that is heard while an answer is awaited is asked about once more.
 */
import type { ClientFacts, Identity } from "../../../platform/auth/identity.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { Authentication, LivePorts, Revocation } from "../../ports.ts";
import { concernsViewer } from "../authority.ts";
import { STREAM_END, type StreamEnd } from "./stream-end.ts";

export interface Standing {
  identity(): Identity;
  /** @throws AppError `UNAUTHENTICATED`, `SERVICE_UNAVAILABLE` */
  establish(): Promise<void>;
  /** Begins to watch over the token's expiry. */
  watch(): void;
  /** Asks whether the viewer is still who they were. */
  confirm(): void;
  /** Somebody lost rights: asks again when that may be this viewer. */
  revoked(who: Revocation): void;
  dispose(): void;
}

export interface StandingOptions {
  readonly token: string | undefined;
  readonly client: ClientFacts;
  /** Rights may have changed. */
  readonly onChange: () => void;
  readonly onEnd: (end: StreamEnd) => void;
}

/** A viewer whom nobody could confirm for this long is asked to come back later. */
const UNCONFIRMED_MS = 60_000;
const LONGEST_TIMER_MS = 2_147_483_647;

type StandingPorts = Pick<LivePorts, "authenticator" | "clock" | "logger">;

export function createStanding(ports: StandingPorts, { token, client, onChange, onEnd }: StandingOptions): Standing {
  const { authenticator, clock, logger } = ports;
  let current: Authentication = { identity: { kind: "ANONYMOUS" } };
  let confirmedAt = 0;
  let expiry: NodeJS.Timeout | undefined;
  let asking = false;
  let missed: Revocation | undefined;
  let over = false;

  function end(why: StreamEnd): void {
    if (over) return;
    dispose();
    onEnd(why);
  }

  function dispose(): void {
    over = true;
    clearTimeout(expiry);
  }

  /** Looks up the token; revocations meanwhile are kept for after. */
  async function ask(): Promise<Authentication> {
    asking = true;
    try {
      return await authenticator.authenticate(token, client);
    } finally {
      asking = false;
    }
  }

  function take(found: Authentication): void {
    current = found;
    confirmedAt = clock.now().getTime();
  }

  function hearMissed(): void {
    const who = missed;
    missed = undefined;
    if (who !== undefined) recheck(who);
  }

  async function check(who: Revocation): Promise<void> {
    let found: Authentication;
    try {
      found = await ask();
    } catch (error) {
      if (error instanceof AppError && error.code === "UNAUTHENTICATED") end(STREAM_END.sessionEnded);
      else if (Object.keys(who).length > 0 || clock.now().getTime() - confirmedAt > UNCONFIRMED_MS) {
        logger.warn({ err: error }, "a stream's viewer could not be confirmed");
        end(STREAM_END.unconfirmed);
      }
      return;
    }
    if (over) return;
    if (found.identity.kind !== "USER") return end(STREAM_END.sessionEnded);
    take(found);
    watch();
    onChange();
  }

  function recheck(who: Revocation): void {
    if (token === undefined || over) return;
    if (asking) missed = { ...missed, ...who };
    else void check(who).then(hearMissed);
  }

  function watch(): void {
    clearTimeout(expiry);
    const { expiresAt } = current;
    if (expiresAt === undefined || over) return;
    const left = expiresAt.getTime() - clock.now().getTime();
    if (left <= 0) end(STREAM_END.tokenExpired);
    else expiry = setTimeout(watch, Math.min(left, LONGEST_TIMER_MS));
  }

  return {
    identity: () => current.identity,
    async establish() {
      const found = await ask();
      if (found.expiresAt !== undefined && found.expiresAt.getTime() <= clock.now().getTime()) {
        throw new AppError("UNAUTHENTICATED", STREAM_END.tokenExpired.message);
      }
      take(found);
      hearMissed();
    },
    watch,
    confirm: () => recheck({}),
    revoked(who) {
      if (asking) missed = { ...missed, ...who };
      else if (concernsViewer(who, current.identity)) recheck(who);
    },
    dispose,
  };
}
