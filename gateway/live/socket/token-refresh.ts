/** A client's `ping` may carry a new access token: the socket goes on with it, without a reconnect. */
import { GraphQLError } from "graphql";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { LivePorts } from "../../ports.ts";
import type { JsonObject } from "../../transport/json-object.ts";
import { CLOSE } from "./close-codes.ts";
import type { Connection } from "./connection.ts";

type PingPayload = JsonObject | undefined;

/** The token in `tributary.accessToken`, with or without `Bearer`; `undefined` for a ping that is only a ping. */
function refreshTokenOf(payload: PingPayload): string | undefined {
  const tributary: unknown = payload?.["tributary"];
  if (typeof tributary !== "object" || tributary === null || !("accessToken" in tributary)) return undefined;
  const { accessToken } = tributary;
  // Not a string: refused like any other bad token.
  return typeof accessToken === "string" ? accessToken.replace(/^Bearer\s+/i, "").trim() : "";
}

/** Answers a ping. Never echoes a token, and never rejects: what is wrong with a token is said in the pong. */
export async function answerPing(
  connection: Connection,
  payload: PingPayload,
  publicErrors: LivePorts["publicErrors"],
): Promise<void> {
  const token = refreshTokenOf(payload);
  if (token === undefined) {
    echo(connection, payload);
    return;
  }
  let tributary: object;
  try {
    const expiresAt = await connection.refresh(token);
    if (expiresAt === undefined) return;
    tributary = { expiresAt: expiresAt.toISOString() };
  } catch (cause) {
    const originalError = cause instanceof Error ? cause : new AppError("INTERNAL_SERVER_ERROR", String(cause));
    const errors = publicErrors([new GraphQLError(originalError.message, { originalError })], connection.context());
    tributary = { error: errors[0] };
  }
  connection.send(JSON.stringify({ type: "pong", payload: { tributary } }));
}

function echo(connection: Connection, payload: PingPayload): void {
  let pong: string;
  try {
    pong = JSON.stringify(payload === undefined ? { type: "pong" } : { type: "pong", payload });
  } catch {
    // Nested so deep that it can be read and not be written.
    connection.close(CLOSE.invalidMessage);
    return;
  }
  connection.send(pong);
}
