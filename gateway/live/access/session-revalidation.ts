/**
 * Keeps the viewer of one socket or stream current while it is open. Rights are asked for anew whenever they may have
 * changed, until the token ends. An answer that a revocation may have overtaken is always asked for again.
 */
import { type ClientFacts, type Identity, principalOf } from "../../../platform/auth/identity.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { Authentication, LivePorts, Revocation } from "../../ports.ts";
import { concernsViewer } from "./stream-authorization.ts";

export type SessionEnd = "TOKEN_EXPIRED" | "SESSION_ENDED" | "UNCONFIRMED" | "OTHER_USER";

export interface SessionRevalidation {
  identity(): Identity;
  /**
   * Looks at the first token and watches over it from then on; without one the caller is anonymous.
   * @throws AppError `UNAUTHENTICATED`, `SERVICE_UNAVAILABLE`
   */
  establish(token: string | undefined): Promise<void>;
  /**
   * Goes on with a newer token of the same session: grants are taken anew, the expiry moves. A token of somebody else
   * is the end.
   * @returns until when it holds; `undefined` when it is over
   * @throws AppError for a token that is no good or of another session: nothing has changed then
   */
  refresh(token: string): Promise<Date | undefined>;
  /** Asks whether the viewer is still who they were. */
  confirm(): void;
  /** Somebody lost rights: asks again when that may be this viewer. */
  revoked(who: Revocation): void;
  /** Nothing is called any more. */
  dispose(): void;
}

export interface SessionRevalidationOptions {
  readonly client: ClientFacts;
  /** Rights may have changed. */
  readonly onChange: () => void;
  /** Called once, and nothing after it. */
  readonly onEnd: (why: SessionEnd) => void;
}

/** A viewer whom nobody could confirm for this long is asked to come back later. */
const UNCONFIRMED_MS = 60_000;
const LONGEST_TIMER_MS = 2_147_483_647;
const ANONYMOUS: Authentication = { identity: { kind: "ANONYMOUS" } };

type SessionRevalidationPorts = Pick<LivePorts, "authenticator" | "clock" | "logger">;

export function createSessionRevalidation(
  ports: SessionRevalidationPorts,
  { client, onChange, onEnd }: SessionRevalidationOptions,
): SessionRevalidation {
  const { authenticator, clock, logger } = ports;
  let token: string | undefined;
  let current = ANONYMOUS;
  let confirmedAt = 0;
  let expiry: NodeJS.Timeout | undefined;
  /** Tokens that are looked at for the first time. */
  let pendingAuthentications = 0;
  /** Revocations heard meanwhile: whom they concern is known afterwards. */
  let missedRevocations: Revocation[] = [];
  let refreshCount = 0;
  let lastAppliedRefresh = 0;
  let checking = false;
  let checkAgain: Revocation | undefined;
  let over = false;

  function dispose(): void {
    over = true;
    clearTimeout(expiry);
  }

  function end(why: SessionEnd): void {
    dispose();
    onEnd(why);
  }

  async function identify(given: string | undefined): Promise<Authentication> {
    return authenticator === undefined ? ANONYMOUS : authenticator.authenticate(given, client);
  }

  async function authenticate(given: string | undefined): Promise<Authentication> {
    pendingAuthentications += 1;
    try {
      return await identify(given);
    } finally {
      pendingAuthentications -= 1;
    }
  }

  function accept(found: Authentication): void {
    current = found;
    confirmedAt = clock.now().getTime();
    watchExpiry();
  }

  function watchExpiry(): void {
    clearTimeout(expiry);
    const { expiresAt } = current;
    if (expiresAt === undefined || over) return;
    const left = expiresAt.getTime() - clock.now().getTime();
    if (left <= 0) end("TOKEN_EXPIRED");
    else expiry = setTimeout(watchExpiry, Math.min(left, LONGEST_TIMER_MS));
  }

  function acceptChange(found: Authentication): void {
    accept(found);
    if (!over) onChange();
  }

  /** What was asked before a revocation may have been answered after it with what held before: ask again. */
  function applyMissedRevocations(): void {
    if (pendingAuthentications > 0) return;
    const revocations = missedRevocations;
    missedRevocations = [];
    for (const who of revocations) if (concernsViewer(who, current.identity)) recheck(who);
  }

  async function check(who: Revocation): Promise<void> {
    const checkedToken = token;
    let found: Authentication;
    try {
      found = await identify(checkedToken);
    } catch (error) {
      // A refresh came in between: it asked later, and about the token that counts.
      if (over || token !== checkedToken) return;
      if (error instanceof AppError && error.code === "UNAUTHENTICATED") end("SESSION_ENDED");
      else if (Object.keys(who).length > 0 || clock.now().getTime() - confirmedAt > UNCONFIRMED_MS) {
        logger.warn({ err: error }, "a viewer could not be confirmed");
        end("UNCONFIRMED");
      }
      return;
    }
    if (over || token !== checkedToken) return;
    if (principalOf(found.identity) !== undefined) acceptChange(found);
    else end("SESSION_ENDED");
  }

  function recheck(who: Revocation): void {
    if (token === undefined || over) return;
    if (checking) {
      checkAgain = { ...checkAgain, ...who };
      return;
    }
    checking = true;
    void check(who).finally(() => {
      checking = false;
      const next = checkAgain;
      checkAgain = undefined;
      if (next !== undefined) recheck(next);
    });
  }

  return {
    identity: () => current.identity,
    async establish(given) {
      const found = await authenticate(given);
      if (over) return;
      token = given;
      accept(found);
      // Ended already, by its own expiry.
      if (over) throw new AppError("UNAUTHENTICATED", "The access token has expired: refresh it or sign in again.");
      applyMissedRevocations();
    },
    async refresh(given) {
      const { identity: mine } = current;
      if (mine.kind === "API_KEY") throw new AppError("FORBIDDEN", "An API key is not refreshed: open another socket.");
      if (mine.kind !== "USER") throw new AppError("UNAUTHENTICATED", "Send connection_init first.");
      refreshCount += 1;
      const turn = refreshCount;
      try {
        const found = await authenticate(given);
        const { identity, expiresAt } = found;
        if (identity.kind !== "USER" || expiresAt === undefined) {
          throw new AppError("UNAUTHENTICATED", "This token is not valid.");
        }
        if (over) return undefined;
        if (identity.userId !== mine.userId) {
          end("OTHER_USER");
          return undefined;
        }
        if (identity.sessionId !== mine.sessionId) {
          throw new AppError("FORBIDDEN", "This token is of another session: open another socket with it.");
        }
        // One that was sent later was answered earlier: the later one counts.
        if (turn < lastAppliedRefresh) return current.expiresAt;
        lastAppliedRefresh = turn;
        token = given;
        acceptChange(found);
        return over ? undefined : expiresAt;
      } finally {
        applyMissedRevocations();
      }
    },
    confirm: () => recheck({}),
    revoked(who) {
      if (pendingAuthentications > 0) missedRevocations.push(who);
      if (concernsViewer(who, current.identity)) recheck(who);
    },
    dispose,
  };
}
