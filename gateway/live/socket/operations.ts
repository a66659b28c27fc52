/**
 * What a socket's `subscribe` message leads to: a live subscription, the one result of a query or mutation, or a
 * refusal.
 */
import { type FormattedExecutionResult, type GraphQLFormattedError, getOperationAST, OperationTypeNode } from "graphql";
import { AppError } from "../../../platform/errors/app-error.ts";
import { refuseDeepNesting } from "../../limits/nesting.ts";
import { noDocument } from "../../operations/refusals.ts";
import { parametersOfJson, type RequestParameters } from "../../operations/request-parameters.ts";
import type { LivePorts } from "../../ports.ts";
import type { JsonObject } from "../../transport/json-object.ts";
import type { Hub, Subscription } from "../hub.ts";
import { resumeCursor } from "../log/resume-cursor.ts";
import { toGraphQLErrors, unresolved } from "../plan/operation-errors.ts";
import type { Connection } from "./connection.ts";
import { createBodies } from "./frames.ts";
import { nextHead } from "./messages.ts";

export interface SubscribeRequest {
  readonly id: string;
  /** Unchecked. */
  readonly payload: JsonObject;
  /** Operations that the socket carries, this one included. */
  readonly active: number;
  /** Called at most once, when a subscription ends by itself; also before it was answered. */
  fail(errors: readonly GraphQLFormattedError[]): void;
}

export type Prepared =
  | { readonly kind: "result"; readonly result: FormattedExecutionResult }
  /** Not started; its frames go straight to the socket. */
  | { readonly kind: "live"; readonly subscription: Subscription }
  | { readonly kind: "refused"; readonly errors: readonly GraphQLFormattedError[] };

export interface Operations {
  /** Never rejects for what a client or a subgraph did. */
  prepare(connection: Connection, request: SubscribeRequest): Promise<Prepared>;
}

/** Operations of one socket at a time. */
export const MAX_OPERATIONS = 100;

type OperationPorts = Pick<LivePorts, "admitCall" | "executor" | "operations" | "parseDocument" | "publicErrors">;

export function createOperations(hub: Hub, ports: OperationPorts): Operations {
  const bodyOf = createBodies();

  function publicErrors(connection: Connection, error: unknown): GraphQLFormattedError[] {
    return ports.publicErrors(toGraphQLErrors(error), connection.context());
  }

  async function receive(connection: Connection, { query, documentId, extensions }: RequestParameters) {
    return ports.operations?.receive({ query, documentId, extensions, client: connection.clientName });
  }

  function follow(
    connection: Connection,
    { id, fail }: SubscribeRequest,
    query: string,
    { operationName, variables, extensions }: RequestParameters,
  ): Promise<Subscription> {
    const head = nextHead(id);
    return hub.subscribe({
      query,
      operationName,
      variables,
      resume: resumeCursor(extensions),
      viewer: { identity: () => connection.identity(), client: connection.client },
      sink: {
        next: (text) => connection.sendShared(head, bodyOf(text)),
        writable: () => connection.writable(),
        fail: (error) => fail(publicErrors(connection, error)),
      },
    });
  }

  return {
    async prepare(connection, request) {
      try {
        await ports.admitCall?.(connection.identity(), connection.client);
        refuseDeepNesting(request.payload);
        const parameters = parametersOfJson(request.payload);
        const received = await receive(connection, parameters);
        const query = received?.text ?? parameters.query;
        if (query === undefined) throw noDocument();
        const { operationName, variables } = parameters;
        const operation = getOperationAST(ports.parseDocument(query), operationName);
        if (operation == null) throw unresolved();
        if (request.active > MAX_OPERATIONS) {
          const message = `A socket carries ${MAX_OPERATIONS} operations at a time: complete one, or open another socket.`;
          throw new AppError("TOO_MANY_SUBSCRIPTIONS", message);
        }
        if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
          const subscription = await follow(connection, request, query, parameters);
          received?.accepted(operation.name?.value);
          return { kind: "live", subscription };
        }
        const result = await ports.executor.execute({
          query,
          operationName,
          variables,
          context: { ...connection.context(), ...(received === undefined ? {} : { received }) },
        });
        if (result.data !== undefined) return { kind: "result", result };
        return { kind: "refused", errors: result.errors ?? [] };
      } catch (error) {
        return { kind: "refused", errors: publicErrors(connection, error) };
      }
    },
  };
}
