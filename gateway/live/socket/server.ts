/**
 * The socket surface: who may open one, how large a message may be, how many a user has, and how all of them end at a
 * stop.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { type ClientFacts, principalId, principalOf } from "../../../platform/auth/identity.ts";
import { headerText } from "../../../platform/validation/text/header-text.ts";
import { pickForwarded } from "../../http/forwarded-headers.ts";
import { refuseUpgrade } from "../../http/refused-upgrade.ts";
import { clientNameOf } from "../../operations/client-name.ts";
import type { LivePorts } from "../../ports.ts";
import { isJsonObject, type JsonObject } from "../../transport/json-object.ts";
import type { Quota } from "../access/quota.ts";
import { drainSockets, STOP_GRACE_MS } from "../drain.ts";
import type { Hub } from "../hub.ts";
import { createActiveOperations } from "./active-operations.ts";
import { CLOSE } from "./close-codes.ts";
import { type Connection, createConnection } from "./connection.ts";
import { createOperations } from "./operations.ts";
import { createProtocol, SUBPROTOCOL } from "./protocol.ts";
import { answerPing } from "./token-refresh.ts";

export interface LiveServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  start(): void;
  /** Refuses new sockets and closes the open ones, spread over `DRAIN_MS`; resolves when all are gone. */
  stop(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 256 * 1024;

interface OpenSocket {
  readonly connection: Connection;
  /** An operation was accepted and not yet answered. */
  busy(): boolean;
}

type ServerPorts = Omit<LivePorts, "dataSources" | "eventLog">;

/** @param ofPrincipals connections per user or API key, shared with the streams over HTTP */
export function createLiveServer(hub: Hub, ports: ServerPorts, ofPrincipals: Quota): LiveServer {
  const { logger, settings, authenticator, lifecycle, forward = [] } = ports;
  const operations = createOperations(hub, ports);
  const connections = new Map<WebSocket, OpenSocket>();
  const { meter } = hub;
  const connectionPorts = { ...ports, meter };
  const holders = new Map<Connection, string>();
  let stopping = false;
  let endListening: (() => void) | undefined;

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    // Also what `sendShared` relies on.
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
    // One message per turn: who sends many at once must not hold up the others.
    allowSynchronousEvents: false,
  });

  /** Counts an authenticated socket in, or closes it when its user or API key has enough connections. */
  function admit(connection: Connection): boolean {
    const principal = principalOf(connection.identity());
    // Where nobody can sign in, sockets are counted no more than requests are.
    if (principal === undefined) return authenticator === undefined;
    const holder = principalId(principal);
    if (ofPrincipals.isUsedUp(holder)) {
      connection.close(CLOSE.tooManyConnections);
      return false;
    }
    ofPrincipals.take(holder);
    holders.set(connection, holder);
    return true;
  }

  function leave(connection: Connection): void {
    const holder = holders.get(connection);
    if (holder !== undefined) ofPrincipals.release(holder);
    holders.delete(connection);
  }

  function accept(socket: WebSocket, wire: Duplex, request: IncomingMessage): void {
    const connection = createConnection(socket, wire, clientOf(request), connectionPorts);
    connection.clientName = clientNameOf(request.headers);
    const onFault = (error: unknown): void => {
      logger.error({ err: error }, "handling a socket's message failed");
      connection.close(CLOSE.internal);
    };
    const active = createActiveOperations(connection, operations, onFault);
    const protocol = createProtocol({
      connection,
      operations: active,
      initTimeoutMs: settings.WS_INIT_TIMEOUT_MS,
      async admit(payload) {
        connection.clientName ??= clientNameOf(payload);
        connection.forwardedHeaders = pickForwarded({ ...request.headers, ...initialHeaders(payload) }, forward);
        return (await connection.authenticate(tokenOf(payload))) && admit(connection);
      },
      answerPing: (payload) => answerPing(connection, payload, ports.publicErrors),
    });
    connections.set(socket, { connection, busy: active.busy });
    meter.connectionsTotal += 1;
    meter.connectionsOpen += 1;
    socket.on("message", (data, binary) => {
      // What arrives behind our close frame is nobody's any more.
      if (socket.readyState !== socket.OPEN) return;
      connection.noteActivity();
      if (binary) connection.close(CLOSE.invalidMessage);
      else protocol.receive(String(data)).catch(onFault);
    });
    socket.on("pong", () => connection.noteActivity());
    // ws closes the socket itself, with the code that fits (1009 for a message that is too large).
    socket.on("error", (error) => logger.info({ err: error }, "a socket failed"));
    socket.once("close", () => {
      connections.delete(socket);
      protocol.dispose();
      connection.dispose();
      leave(connection);
      meter.connectionsOpen -= 1;
    });
    if (socket.protocol !== SUBPROTOCOL) connection.close(CLOSE.noSubprotocol);
  }

  return {
    handleUpgrade(request, socket, head) {
      socket.on("error", () => socket.destroy());
      const phase = lifecycle.phase;
      if (stopping || phase === "draining" || phase === "stopped") return refuseUpgrade(socket, 503, 1);
      if (!ports.originAllowed(request.headers.origin)) return refuseUpgrade(socket, 403);
      sockets.handleUpgrade(request, socket, head, (opened) => accept(opened, socket, request));
    },
    start() {
      stopping = false;
      endListening ??= authenticator?.onRevoked((who) => {
        for (const { connection } of connections.values()) connection.revoked(who);
      });
    },
    async stop() {
      stopping = true;
      endListening?.();
      endListening = undefined;
      const open = [...connections].map(([socket, { connection, busy }]) => ({
        busy,
        close: connection.close,
        closed: new Promise<void>((resolve) => socket.once("close", () => resolve())),
      }));
      const late = setTimeout(() => {
        for (const socket of connections.keys()) socket.terminate();
      }, settings.DRAIN_MS + STOP_GRACE_MS);
      await drainSockets(open, settings.DRAIN_MS);
      clearTimeout(late);
    },
  };
}

function clientOf(request: IncomingMessage): ClientFacts {
  const ip = request.socket.remoteAddress;
  const userAgent = headerText(request.headers["user-agent"]);
  return { ...(ip === undefined ? {} : { ip }), ...(userAgent === undefined ? {} : { userAgent }) };
}

/** What a header can hold (RFC 9110, "field-value"): a JSON text can be anything. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Headers that a client gives with its `connection_init`, as itself or in `headers`: a browser cannot set those of the
 * upgrade request.
 */
function initialHeaders(payload: JsonObject | undefined): Record<string, string> {
  const nested = payload?.["headers"];
  const given = [...Object.entries(payload ?? {}), ...(isJsonObject(nested) ? Object.entries(nested) : [])];
  const texts = given.filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && FIELD_VALUE.test(entry[1]),
  );
  return Object.fromEntries(texts.map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * From where clients put it: `Authorization`, `authorization`, `headers.authorization`, `accessToken`; with or without
 * `Bearer`.
 */
function tokenOf(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const headers: unknown = params?.["headers"];
  const nested =
    typeof headers === "object" && headers !== null ? new Map<string, unknown>(Object.entries(headers)) : new Map();
  const candidates = [
    params?.["Authorization"],
    params?.["authorization"],
    nested.get("Authorization"),
    nested.get("authorization"),
    params?.["accessToken"],
  ];
  const text = candidates.find((candidate) => typeof candidate === "string");
  return typeof text === "string" ? text.replace(/^Bearer\s+/i, "").trim() : undefined;
}
