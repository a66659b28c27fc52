/**
 * graphql-transport-ws on one socket: what may be said when, and with which code a socket is closed that says anything
 * else. Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Ours, since the server of graphql-ws
 * knows an operation by its id alone: an id that is used again while its first use is prepared would get the events of
 * both.
 */
import type { JsonObject } from "../../transport/json-object.ts";
import type { ActiveOperations } from "./active-operations.ts";
import { CLOSE } from "./close-codes.ts";
import type { Connection } from "./connection.ts";
import { CONNECTION_ACK, readMessage } from "./messages.ts";

export const SUBPROTOCOL = "graphql-transport-ws";

export interface ProtocolOptions {
  readonly connection: Connection;
  readonly operations: ActiveOperations;
  /** From when the socket is open until its `connection_init`, in milliseconds. */
  readonly initTimeoutMs: number;
  /** Lets a socket in by what its `connection_init` brought; one that is not is closed. */
  admit(payload: JsonObject | undefined): Promise<boolean>;
  answerPing(payload: JsonObject | undefined): Promise<void>;
}

export interface Protocol {
  /** One message, as text. Rejects for faults of ours only. */
  receive(text: string): Promise<void>;
  /** The socket is gone. */
  dispose(): void;
}

export function createProtocol(options: ProtocolOptions): Protocol {
  const { connection, operations, initTimeoutMs, admit, answerPing } = options;
  let phase: "new" | "admitting" | "acknowledged" = "new";
  const deadline = setTimeout(() => connection.close(CLOSE.initTimeout), initTimeoutMs);

  async function init(payload: JsonObject | undefined): Promise<void> {
    if (phase !== "new") return connection.close(CLOSE.tooManyInits);
    phase = "admitting";
    clearTimeout(deadline);
    if (!(await admit(payload))) return connection.close(CLOSE.forbidden);
    phase = "acknowledged";
    connection.send(CONNECTION_ACK);
  }

  return {
    async receive(text) {
      const message = readMessage(text);
      switch (message?.type) {
        case "connection_init":
          return init(message.payload);
        case "ping":
          return answerPing(message.payload);
        case "pong":
          return;
        case "subscribe":
          if (phase !== "acknowledged") return connection.close(CLOSE.unauthorized);
          return operations.subscribe(message.id, message.payload);
        case "complete":
          return operations.complete(message.id);
        case undefined:
          return connection.close(CLOSE.invalidMessage);
      }
    },
    dispose() {
      clearTimeout(deadline);
      operations.dispose();
    },
  };
}
