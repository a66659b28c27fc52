/**
 * The operations of one socket by their ids: which are active, and what happens when one ends. An id belongs to the
 * operation that uses it now. A `complete` frees it at once, also while the operation is still being prepared; what
 * that preparation brings is dropped.
 */
import type { GraphQLFormattedError } from "graphql";
import type { JsonObject } from "../../transport/json-object.ts";
import type { Subscription } from "../hub.ts";
import { CLOSE, idInUse } from "./close-codes.ts";
import type { Connection } from "./connection.ts";
import { completeMessage, errorMessage, nextMessage } from "./messages.ts";
import { MAX_OPERATIONS, type Operations } from "./operations.ts";

export interface ActiveOperations {
  /** Closes the socket when the id is in use, or too long. */
  subscribe(id: string, payload: JsonObject): void;
  /** The client wants no more of it; an unknown id changes nothing. */
  complete(id: string): void;
  /** An operation was accepted and not yet answered. */
  busy(): boolean;
  /** The socket is gone. */
  dispose(): void;
}

/** An id goes out again with each of its frames. */
const MAX_ID_LENGTH = 256;

interface ActiveOperation {
  readonly id: string;
  subscription?: Subscription;
  over: boolean;
}

/** @param onFault an error that is none of the request's */
export function createActiveOperations(
  connection: Connection,
  operations: Operations,
  onFault: (error: unknown) => void,
): ActiveOperations {
  const active = new Map<string, ActiveOperation>();
  /**
   * What is being prepared, completed or not: whoever subscribes and completes in a loop gets no more work done at a
   * time.
   */
  let preparing = 0;
  const waiting = new Map<ActiveOperation, JsonObject>();

  /** @returns whether it was still going on */
  function end(operation: ActiveOperation): boolean {
    if (operation.over) return false;
    operation.over = true;
    active.delete(operation.id);
    waiting.delete(operation);
    connection.ended(operation.id);
    return true;
  }

  function fail(operation: ActiveOperation, errors: readonly GraphQLFormattedError[]): void {
    if (end(operation)) connection.send(errorMessage(operation.id, errors));
  }

  async function prepare(operation: ActiveOperation, payload: JsonObject): Promise<void> {
    const { id } = operation;
    const prepared = await operations.prepare(connection, {
      id,
      payload,
      active: active.size,
      fail: (errors) => fail(operation, errors),
    });
    if (operation.over) {
      if (prepared.kind === "live") prepared.subscription.stop();
      return;
    }
    switch (prepared.kind) {
      case "refused":
        return fail(operation, prepared.errors);
      case "result":
        connection.send(nextMessage(id, prepared.result));
        if (end(operation)) connection.send(completeMessage(id));
        return;
      case "live":
        operation.subscription = prepared.subscription;
        connection.opened(id, prepared.subscription);
        prepared.subscription.start();
        // Rights may have changed while the position was looked for.
        prepared.subscription.reconsider();
    }
  }

  function begin(operation: ActiveOperation, payload: JsonObject): void {
    preparing += 1;
    prepare(operation, payload)
      .catch(onFault)
      .finally(() => {
        preparing -= 1;
        const [next] = waiting;
        if (next === undefined) return;
        waiting.delete(next[0]);
        begin(...next);
      });
  }

  return {
    subscribe(id, payload) {
      if (id.length > MAX_ID_LENGTH) return connection.close(CLOSE.idTooLong);
      if (active.has(id)) return connection.close(idInUse(id));
      const operation: ActiveOperation = { id, over: false };
      active.set(id, operation);
      if (preparing < MAX_OPERATIONS) begin(operation, payload);
      else waiting.set(operation, payload);
    },
    complete(id) {
      const operation = active.get(id);
      if (operation === undefined) return;
      end(operation);
      operation.subscription?.stop();
    },
    busy: () => preparing > 0,
    dispose() {
      for (const operation of active.values()) operation.over = true;
      active.clear();
      waiting.clear();
    },
  };
}
