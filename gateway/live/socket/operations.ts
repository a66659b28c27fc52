/** What a socket's `subscribe` message leads to: a live subscription, or the one result of a query or mutation. */
import { type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError, getOperationAST } from "graphql";
import { AppError } from "../../../platform/errors/app-error.ts";
import { refuseDeepNesting } from "../../limits/nesting.ts";
import type { GatewayContext, LivePorts } from "../../ports.ts";
import type { Hub, Subscription } from "../hub.ts";
import { InvalidOperation, unresolved } from "../plan/plan.ts";
import { CLOSE } from "./close-codes.ts";
import type { Connection } from "./connection.ts";
import { createBodies } from "./frames.ts";

/** The payload of a `subscribe` message as far as we read it. */
export interface OperationPayload {
  /** Empty where the document is named by `documentId` or `extensions.persistedQuery`. */
  readonly query: string;
  readonly documentId?: unknown;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/** A subscription that was accepted; its `next` frames go straight to the socket, past the iterator. */
export class LiveOperation implements AsyncIterableIterator<never> {
  readonly #subscription: Subscription;
  readonly #connection: Connection;
  readonly #id: string;
  #failed = false;
  readonly #outcome = Promise.withResolvers<IteratorReturnResult<undefined>>();

  constructor(subscription: Subscription, connection: Connection, id: string) {
    this.#subscription = subscription;
    this.#connection = connection;
    this.#id = id;
    this.#outcome.promise.catch(() => undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** graphql-ws asks once it holds the operation: a client that completed in the meantime is sent nothing. */
  next(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#failed) {
      this.#connection.opened(this.#id, this.#subscription);
      this.#subscription.start();
    }
    return this.#outcome.promise;
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#subscription.stop();
    this.#connection.ended(this.#id);
    this.#outcome.resolve({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  fail(error: AppError): void {
    this.#failed = true;
    this.#connection.ended(this.#id);
    this.#outcome.reject(error);
  }
}

export type Prepared = (
  | { readonly kind: "result"; readonly result: FormattedExecutionResult }
  | { readonly kind: "live"; readonly operation: LiveOperation }
) & {
  /** Of the document that was sent or named. */
  readonly query: string;
};

/** An error that went through the executor's translation already. */
class TranslatedError extends GraphQLError {
  readonly formatted: GraphQLFormattedError;

  constructor(formatted: GraphQLFormattedError) {
    super(formatted.message);
    this.formatted = formatted;
  }
}

export interface Operations {
  /** Errors instead of an answer: the operation is refused as a whole. */
  prepare(
    connection: Connection,
    id: string,
    payload: OperationPayload,
    open: number,
  ): Promise<Prepared | readonly GraphQLError[]>;
  publicErrors(errors: readonly GraphQLError[], context: GatewayContext): GraphQLFormattedError[];
}

const MAX_SUBSCRIPTIONS = 100;

type OperationPorts = Pick<LivePorts, "admitCall" | "executor" | "operations" | "parseDocument" | "publicErrors">;

export function createOperations(hub: Hub, ports: OperationPorts): Operations {
  const bodyOf = createBodies();

  async function receive(connection: Connection, payload: OperationPayload) {
    const { query, documentId, extensions } = payload;
    return ports.operations?.receive({ query, documentId, extensions, client: connection.clientName });
  }

  async function follow(connection: Connection, id: string, payload: OperationPayload): Promise<LiveOperation> {
    const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
    // The sink is called after `start` at the earliest, or by a reload: by then the operation exists or the error is kept.
    let operation: LiveOperation | undefined;
    let failed: AppError | undefined;
    const subscription = await hub.subscribe({
      query: payload.query,
      operationName: payload.operationName ?? undefined,
      variables: payload.variables ?? undefined,
      resume: resumeCursor(payload.extensions),
      viewer: { identity: () => connection.identity(), client: connection.client },
      sink: {
        next: (text) => connection.sendShared(head, bodyOf(text)),
        writable: () => connection.writable(),
        fail(error) {
          failed = error;
          operation?.fail(error);
        },
      },
    });
    if (failed !== undefined) throw failed;
    operation = new LiveOperation(subscription, connection, id);
    return operation;
  }

  return {
    async prepare(connection, id, payload, open) {
      if (connection.preparing.has(id)) {
        // Completed and used again before the first use was even answered: the two could not be told apart.
        connection.close(CLOSE.idInUse);
        return [new GraphQLError(CLOSE.idInUse.reason)];
      }
      connection.preparing.add(id);
      try {
        await ports.admitCall?.(connection.identity(), connection.client);
        refuseDeepNesting(payload);
        const received = await receive(connection, payload);
        const query = received?.text ?? payload.query;
        const document = ports.parseDocument(query);
        const operation = getOperationAST(document, payload.operationName);
        if (operation == null) throw unresolved();
        if (open > MAX_SUBSCRIPTIONS) {
          const message = `A socket carries ${MAX_SUBSCRIPTIONS} operations at a time: complete one, or open another socket.`;
          throw new AppError("TOO_MANY_SUBSCRIPTIONS", message);
        }
        if (operation.operation === "subscription") {
          const followed = await follow(connection, id, { ...payload, query });
          received?.accepted(operation.name?.value);
          return { kind: "live", operation: followed, query };
        }
        const result = await ports.executor.execute({
          query,
          operationName: payload.operationName ?? undefined,
          variables: payload.variables ?? undefined,
          context: { ...connection.context(), ...(received === undefined ? {} : { received }) },
        });
        if (result.data !== undefined) return { kind: "result", result, query };
        return (result.errors ?? []).map((error) => new TranslatedError(error));
      } catch (error) {
        return toGraphQLErrors(error);
      } finally {
        connection.preparing.delete(id);
      }
    },
    publicErrors: (errors, context) =>
      errors.flatMap((error) =>
        error instanceof TranslatedError ? [error.formatted] : ports.publicErrors([error], context),
      ),
  };
}

/** A cursor from a request's extensions. */
export function resumeCursor(extensions: OperationPayload["extensions"]): string | undefined {
  const tributary: unknown = extensions?.["tributary"];
  if (typeof tributary !== "object" || tributary === null || !("resume" in tributary)) return undefined;
  // Not a string: refused like any other cursor that is not ours.
  return typeof tributary.resume === "string" ? tributary.resume : "";
}

export function toGraphQLErrors(error: unknown): readonly GraphQLError[] {
  if (error instanceof InvalidOperation) return error.problems;
  if (error instanceof GraphQLError) return [error];
  const originalError = error instanceof Error ? error : new Error(String(error));
  return [new GraphQLError(originalError.message, { originalError })];
}
