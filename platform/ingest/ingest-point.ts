/**
 * A place for deliveries: it checks who calls, reads the JSON, and turns refusals into answers that name the code and
 * the field. Refusals for want of a permission are told like those of GraphQL.
 */
import { GraphQLError } from "graphql";
import { IDENTITY_HEADER, type IdentityVerifier } from "../auth/identity-header.ts";
import { AppError, findAppError } from "../errors/app-error.ts";
import { collectDenials } from "../errors/denials.ts";
import { toPublicError } from "../errors/graphql-errors.ts";
import { type UserError, UserFailure } from "../errors/user-failure.ts";
import { requireNoCardNumber } from "../graphql/card-number-guard.ts";
import type { DenialReporter } from "../graphql/denial-reporter.ts";
import type { RequestContext } from "../graphql/request-context.ts";
import { deadlineOf } from "../graphql/request-deadline.ts";
import type { Logger } from "../logger/logger.ts";
import { traceFromHeaders } from "../tracing/trace-context.ts";
import type { IngestAnswer, IngestCall, IngestPoint } from "./ingest.ts";

export interface TakenDelivery {
  readonly status: number;
  /** Plain JSON. */
  readonly body: object;
}

export interface IngestPointOptions {
  readonly name: string;
  readonly verifier: IdentityVerifier;
  readonly denials: DenialReporter;
  readonly logger: Logger;
  /**
   * @param delivered what the JSON says
   * @throws UserFailure, AppError
   */
  take(request: RequestContext, delivered: unknown): Promise<TakenDelivery>;
}

export function createIngestPoint({ name, verifier, denials, logger, take }: IngestPointOptions): IngestPoint {
  return {
    name,
    async receive({ headers, body }: IngestCall): Promise<IngestAnswer> {
      const trace = traceFromHeaders(headers);
      const { traceId } = trace;
      const requestLogger = logger.child({ traceId });
      try {
        const { identity, client } = await verifier.verify(headers[IDENTITY_HEADER]);
        const request: RequestContext = {
          identity,
          client,
          trace,
          logger: requestLogger,
          changes: [],
          commands: true,
          commandDeadline: deadlineOf(headers),
        };
        const delivered = parseJson(body);
        requireNoCardNumber(delivered);
        const { result, denials: denied } = await collectDenials(() =>
          take(request, delivered).catch((error: unknown) => refusedDelivery(error, traceId)),
        );
        if (denied.length > 0) await denials.report(request, denied);
        return { status: result.status, body: JSON.stringify(result.body) };
      } catch (error) {
        const status = findAppError(error)?.status ?? 500;
        const originalError = error instanceof Error ? error : new AppError("INTERNAL_SERVER_ERROR", String(error));
        const publicError = toPublicError(new GraphQLError(originalError.message, { originalError }), {
          logger: requestLogger,
          traceId,
        });
        const { message, extensions } = publicError;
        return { status, body: JSON.stringify({ errors: [{ message, extensions }] }) };
      }
    },
  };
}

/** @throws whatever is no expected refusal of what was delivered */
function refusedDelivery(error: unknown, traceId: string): TakenDelivery {
  if (!(error instanceof UserFailure)) throw error;
  const [first] = error.userErrors;
  return { status: first?.status ?? 400, body: { errors: deliveryErrors(error.userErrors, [], traceId) } };
}

/**
 * The refusals of a delivery, or of a part of it.
 * @param place of the part within what was delivered
 */
export function deliveryErrors(userErrors: readonly UserError[], place: readonly string[], traceId: string): object[] {
  return userErrors.map(({ code, message, status, field }) => {
    // Without the name of GraphQL's argument, which a body does not have.
    const path = field === null ? place : [...place, ...field.slice(1)];
    return { message, extensions: { code, status, traceId, ...(path.length === 0 ? {} : { field: path }) } };
  });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new AppError("BAD_REQUEST", "The body is not valid JSON in UTF-8.", { cause });
  }
}
