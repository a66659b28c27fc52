/**
 * The socket surface: graphql-transport-ws on ws. graphql-ws keeps the protocol and its close codes; origin, size limits,
 * heartbeats and the `next` frames of live operations are ours.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ExecutionArgs, GraphQLError } from "graphql";
import { type ConnectionInitMessage, handleProtocols, makeServer } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { ClientFacts } from "../../../platform/auth/identity.ts";
import { refuseUpgrade } from "../../http/refused-upgrade.ts";
import { clientNameOf } from "../../operations/client-name.ts";
import type { LivePorts } from "../../ports.ts";
import type { Allowance } from "../access/allowance.ts";
import { drainSockets, STOP_GRACE_MS } from "../drain.ts";
import type { Hub } from "../hub.ts";
import { CLOSE } from "./close-codes.ts";
import { type Connection, createConnection } from "./connection.ts";
import { createOperations, type Prepared } from "./operations.ts";
import { answerPing } from "./refresh.ts";

export interface LiveServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  start(): void;
  /** Refuses new sockets and closes the open ones, spread over `DRAIN_MS`; resolves when all are gone. */
  stop(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 256 * 1024;
/** An id goes out again with each of its frames. */
const MAX_ID_LENGTH = 256;

type ServerPorts = Omit<LivePorts, "dataSources" | "eventLog">;

/** graphql-ws hands operations through as execution arguments; what was prepared rides on their context. */
class Carrier {
  readonly prepared: Prepared;

  constructor(prepared: Prepared) {
    this.prepared = prepared;
  }
}

function preparedOf(args: ExecutionArgs): Prepared {
  if (args.contextValue instanceof Carrier) return args.contextValue.prepared;
  throw new Error("an operation without preparation");
}

/** @param ofUsers connections per user, shared with the streams over HTTP */
export function createLiveServer(hub: Hub, ports: ServerPorts, ofUsers: Allowance): LiveServer {
  const { logger, settings, schema, authenticator, lifecycle } = ports;
  const operations = createOperations(hub, ports);
  const connections = new Map<WebSocket, Connection>();
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
    handleProtocols: (offered) => handleProtocols(offered),
    // One message per turn: an id may be used again right after its `complete`, when graphql-ws has cleaned up.
    allowSynchronousEvents: false,
  });

  /** Counts an authenticated socket in, or closes it when its user has enough connections. */
  function admit(connection: Connection): boolean {
    const identity = connection.identity();
    if (identity.kind !== "USER") return false;
    if (ofUsers.isUsedUp(identity.userId)) {
      connection.close(CLOSE.tooManyConnections);
      return false;
    }
    ofUsers.take(identity.userId);
    holders.set(connection, identity.userId);
    return true;
  }

  function leave(connection: Connection): void {
    const holder = holders.get(connection);
    if (holder !== undefined) ofUsers.giveBack(holder);
    holders.delete(connection);
  }

  const protocol = makeServer<ConnectionInitMessage["payload"], Connection>({
    connectionInitWaitTimeout: settings.WS_INIT_TIMEOUT_MS,
    async onConnect({ extra, connectionParams }) {
      extra.clientName ??= clientNameOf(connectionParams);
      return (await extra.authenticate(tokenOf(connectionParams))) && admit(extra);
    },
    async onSubscribe({ extra, subscriptions }, id, payload) {
      if (id.length > MAX_ID_LENGTH) {
        extra.close(CLOSE.idTooLong);
        return [new GraphQLError(CLOSE.idTooLong.reason)];
      }
      // A `complete` frees the id at once, but not what is still being prepared for it.
      const open = Math.max(Object.keys(subscriptions).length, extra.preparing.size + 1);
      const prepared = await operations.prepare(extra, id, payload, open);
      if (!("kind" in prepared)) return prepared;
      return {
        schema: schema.current().apiSchema,
        document: ports.parseDocument(prepared.query),
        operationName: payload.operationName,
        contextValue: new Carrier(prepared),
      };
    },
    subscribe(args) {
      const prepared = preparedOf(args);
      if (prepared.kind === "live") return prepared.operation;
      throw new Error("a subscription prepared as a query");
    },
    // The result is translated already: `onNext` sends it as it is.
    execute: () => ({}),
    onNext(_context, _id, _payload, args) {
      const prepared = preparedOf(args);
      return prepared.kind === "result" ? prepared.result : undefined;
    },
    onError: ({ extra }, _id, _payload, errors) => operations.publicErrors(errors, extra.context()),
  });

  function accept(socket: WebSocket, wire: Duplex, request: IncomingMessage): void {
    const connection = createConnection(socket, wire, clientOf(request), connectionPorts);
    connection.clientName = clientNameOf(request.headers);
    connections.set(socket, connection);
    meter.connectionsTotal += 1;
    meter.connectionsOpen += 1;
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => connection.send(text),
        onPing: (payload) => answerPing(connection, payload, ports.publicErrors),
        close: (code = CLOSE.internal.code, reason = "") => connection.close({ code, reason }),
        onMessage(handle) {
          socket.on("message", (data, binary) => {
            // What arrives behind our close frame is nobody's any more.
            if (socket.readyState !== socket.OPEN) return;
            connection.heard();
            if (binary) return connection.close(CLOSE.invalidMessage);
            handle(String(data)).catch((error: unknown) => {
              if (isServersMessage(error)) return connection.close(CLOSE.invalidMessage);
              logger.error({ err: error }, "handling a socket's message failed");
              connection.close(CLOSE.internal);
            });
          });
        },
      },
      connection,
    );
    socket.on("pong", () => connection.heard());
    // ws closes the socket itself, with the code that fits (1009 for a message that is too large).
    socket.on("error", (error) => logger.info({ err: error }, "a socket failed"));
    socket.once("close", (code, reason) => {
      connections.delete(socket);
      connection.dispose();
      leave(connection);
      meter.connectionsOpen -= 1;
      closed(code, String(reason)).catch((error: unknown) => logger.error({ err: error }, "closing a socket failed"));
    });
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
      endListening ??= authenticator.onRevoked((who) => {
        for (const connection of connections.values()) connection.revoked(who);
      });
    },
    async stop() {
      stopping = true;
      endListening?.();
      endListening = undefined;
      const open = [...connections].map(([socket, connection]) => ({
        busy: () => connection.preparing.size > 0,
        close: connection.close,
        gone: new Promise<void>((resolve) => socket.once("close", () => resolve())),
      }));
      const late = setTimeout(() => {
        for (const socket of connections.keys()) socket.terminate();
      }, settings.DRAIN_MS + STOP_GRACE_MS);
      await drainSockets(open, settings.DRAIN_MS);
      clearTimeout(late);
    },
  };
}

/** graphql-ws reads what only a server may say, and then throws. */
function isServersMessage(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Unexpected message of type");
}

function clientOf(request: IncomingMessage): ClientFacts {
  const ip = request.socket.remoteAddress;
  const userAgent = request.headers["user-agent"];
  return { ...(ip === undefined ? {} : { ip }), ...(userAgent === undefined ? {} : { userAgent }) };
}

/** From where clients put it: `Authorization`, `authorization`, `headers.authorization`, `accessToken`; with or without `Bearer`. */
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
