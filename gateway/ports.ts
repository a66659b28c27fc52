/**
 * The seams between the gateway's rooms: what the live room gets from the rest, and what it gives back. Types only, so
 * that each room can be built, tested and replaced alone.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Schema, Supergraph } from "@apollo/federation-internals";
import type { ServiceMap } from "@apollo/gateway";
import type { QueryPlanner } from "@apollo/query-planner";
import type {
  DocumentNode,
  FormattedExecutionResult,
  GraphQLError,
  GraphQLFormattedError,
  GraphQLSchema,
} from "graphql";
import type { z } from "zod";
import type { ClientFacts, Identity } from "../platform/auth/identity.ts";
import type { Clock } from "../platform/clock.ts";
import type { gatewaySettings } from "../platform/config/settings.ts";
import type { AppError } from "../platform/errors/app-error.ts";
import type { Change } from "../platform/events/envelope.ts";
import type { EventLog } from "../platform/events/event-log.ts";
import type { Lifecycle } from "../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../platform/logger/logger.ts";
import type { Stages } from "../platform/tracing/stages.ts";
import type { TraceContext } from "../platform/tracing/trace-context.ts";
import type { CostedOperation } from "./limits/document-cost.ts";
import type { LiveCounters } from "./live/metrics.ts";
import type { ClientName } from "./operations/client-name.ts";
import type { HttpOperation } from "./operations/http-operation.ts";
import type { ReceivedOperation, ReceivedOperations } from "./operations/received-operations.ts";
import type { ReportDenial } from "./transport/denial-reports.ts";

export type GatewaySettings = z.infer<z.ZodObject<typeof gatewaySettings>>;

/**
 * One supergraph as it was taken up. Immutable: a reload makes a new one, and work that began with the old one ends
 * with it.
 */
export interface SchemaGeneration {
  /** Hash of the SDL: equal on every gateway that serves the same supergraph. */
  readonly id: string;
  readonly supergraphSdl: string;
  readonly supergraph: Supergraph;
  /** The supergraph's schema with federation's directives. */
  readonly supergraphSchema: GraphQLSchema;
  /** What clients see, for `operationFromDocument`. */
  readonly planningSchema: Schema;
  /** What clients see, for parsing and validation with graphql-js. */
  readonly apiSchema: GraphQLSchema;
  /** Built at the first use: some gateways never plan a subscription. */
  queryPlanner(): QueryPlanner;
  /** Knows of no `@requires`: for operations that select by themselves what is required. */
  requirementFreePlanner(): QueryPlanner;
}

export interface SchemaSource {
  current(): SchemaGeneration;
  /** Called after `current()` changed, in order, once per generation. Returns the function that ends it. */
  onChange(listener: (generation: SchemaGeneration) => void): () => void;
}

/**
 * An identity and until when it may be acted upon: the expiry of the access token, or of the API key. Absent for
 * anonymous callers, and for keys that do not expire.
 */
export interface Authentication {
  readonly identity: Identity;
  readonly expiresAt?: Date;
}

/**
 * Whose rights changed. With a `sessionId` that session is over; with an `apiKeyId` that key is, or one of its secrets;
 * with a `userId` (and the organisation where it happened, if it was one) what the user may do changed, for more or
 * less; with an `organizationId` alone, what every member may do there; with nothing, anybody's may have.
 */
export interface Revocation {
  readonly sessionId?: string;
  readonly apiKeyId?: string;
  readonly userId?: string;
  readonly organizationId?: string;
}

export interface Authenticator {
  /**
   * @param token the access token or API key without `Bearer `; `undefined` or `""` is an anonymous caller
   * @throws AppError `UNAUTHENTICATED` for a bad token or a dead session, `SERVICE_UNAVAILABLE` when nobody can tell
   */
  authenticate(token: string | undefined, client: ClientFacts): Promise<Authentication>;
  /**
   * Called after the session cache was evicted: a listener authenticates those concerned again and ends what no longer
   * holds. Returns the function that ends it.
   */
  onRevoked(listener: (who: Revocation) => void): () => void;
}

/** What the gateway knows about a request; the `context` of every operation and of every fetch to a subgraph. */
export interface GatewayContext {
  readonly identity: Identity;
  /** Set when the caller sent a token that is no longer good: they are nobody, and public fields alone answer them. */
  readonly staleToken?: AppError | undefined;
  readonly client: ClientFacts;
  readonly clientName?: ClientName;
  readonly trace: TraceContext;
  /** Present when the request is recorded. */
  readonly stages?: Stages | undefined;
  /** Carries the trace id on every line. */
  readonly logger: Logger;
  /** Headers that the standalone gateway passes on as they came; empty in the platform. */
  readonly forwardedHeaders: Readonly<Record<string, string>>;
  /** Aborts when the caller is gone: fetches under way are cancelled. */
  readonly signal?: AbortSignal;
  /** Time of `performance.now()` when it has to be answered with what has come by then. */
  readonly deadline?: number;
  /** The operation as its client sent it; absent for those that are run from within the gateway. */
  readonly received?: ReceivedOperation;
  /**
   * As the client sent them, in their own digits; present where Apollo Server reads them from a text itself, as it does
   * from an address.
   */
  readonly sentVariables?: Readonly<Record<string, unknown>>;
  /** Set when something older than an event was answered: caches, also those of subgraphs' answers, are passed by. */
  readonly fresh?: boolean;
  /** Set when a subgraph answered a command from its idempotency record. */
  idempotencyReplayed?: boolean;
  /** Set while the operation has a place among those that run at once: gives it back. Idempotent. */
  endTurn?: () => void;
  /** Set when a command changed what the caller may do. */
  rightsChanged?: boolean;
  /**
   * Present where somebody wants to know: fetches that the entity cache answered, and those that it asked subgraphs
   * for.
   */
  cacheUse?: { hits: number; misses: number };
  /** Present where the answer may be kept. */
  readonly composition?: AnswerComposition;
}

/** What an answer is made of: by whose events it may become old. */
export interface AnswerContents {
  /**
   * Ids of all entities, and of each whose events change what is shown of it (gateway/cache/event-sources.ts); `*`:
   * anybody's.
   */
  readonly ids: ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * Whose events may change it that name none of them? Lists grow by entities that are not in them yet, and what is not
   * there may come; unless a tag of the hint says by which events.
   */
  readonly open: ReadonlySet<string>;
  /** Whose events may change anything in it. */
  readonly sources: ReadonlySet<string>;
}

/**
 * Where is noted what an answer without errors is made of: by the executor, and by caches that a part of it came from.
 */
export interface AnswerComposition {
  contents?: AnswerContents;
  /** Fetches that it took: how many the entity cache answered, and of how many subgraphs were asked. */
  readonly fetches: { cached: number; fetched: number };
  /** When the first of what it was made of ends that was kept already, in milliseconds since the epoch. */
  endsAt?: number;
}

export interface OperationRequest {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly operationName?: string | undefined;
  readonly context: GatewayContext;
}

/** Queries and mutations over any transport: limits, validation, planning, execution and masking as over HTTP. */
export interface OperationExecutor {
  /** Never rejects: every failure is in `errors`. */
  execute(request: OperationRequest): Promise<FormattedExecutionResult>;
}

export type LiveTransport = "WEBSOCKET" | "SSE" | "MULTIPART";

/** An accepted subscription for as long as it is open, as its viewer may see and end it. */
export interface OpenSubscription {
  readonly userId: string;
  readonly sessionId: string;
  readonly operationName: string | null;
  /** The live field. */
  readonly field: string;
  /** `null` for the viewer's own stream. */
  readonly organizationId: string | null;
  readonly transport: LiveTransport;
  readonly client: ClientFacts;
  /** Messages sent so far. */
  delivered(): number;
  /** Ends it with the error `CLOSED_BY_VIEWER`. Idempotent. */
  close(): void;
}

/** Where the live room says which subscriptions are open. */
export interface SubscriptionRegistry {
  /**
   * Called once per accepted subscription. Returns the function that takes it off again, called once, however it ends.
   */
  register(subscription: OpenSubscription): () => void;
}

/** What an organisation has paid for. */
export interface PlanFeatures {
  /**
   * How much of a feature of the catalogue (`seats`, `live_connections`, …) the organisation's running plans grant, as
   * of now or a minute ago. Never rejects, and waits for a second at most.
   * @returns `null`: unlimited; `undefined`: no plan speaks of it, or nobody can tell now
   */
  limit(organizationId: string, key: string): Promise<bigint | null | undefined>;
}

/** What the gateway's caches drop by event. Neither function rejects; both take less than a second. */
export interface Eviction {
  /** Whatever these events may have made stale; what cannot be evicted by name is dropped with everything else. */
  evict(events: readonly Change[]): Promise<void>;
  /** For when nobody knows what was missed. */
  evictAll(): Promise<void>;
}

/** What the live room may use. */
export interface LivePorts {
  readonly schema: SchemaSource;
  /** Absent in the standalone gateway: everybody is anonymous, and tokens are the subgraphs' matter. */
  readonly authenticator: Authenticator | undefined;
  readonly executor: OperationExecutor;
  /**
   * A data source per subgraph of the current generation, live ones excluded. Each expects a `GatewayContext` as
   * `context`.
   */
  dataSources(): ServiceMap;
  /** Absent in the standalone gateway: every subscription is refused as one that nobody serves. */
  readonly eventLog: EventLog | undefined;
  /** Names of client headers that go on to subgraphs; absent: none. */
  readonly forward?: readonly string[];
  readonly settings: GatewaySettings;
  readonly lifecycle: Pick<Lifecycle, "phase">;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * From what a client sent, a text or the name of one, to the text that runs. Absent where clients always send texts.
   */
  readonly operations?: ReceivedOperations;
  /**
   * Parses within the limits (tokens, depth, aliases, root fields). @throws GraphQLError whose `extensions.code` names
   * the limit
   */
  parseDocument(query: string): DocumentNode;
  /**
   * Counts an operation that comes over a socket. @throws AppError `RATE_LIMITED`. Absent where callers may call as
   * often as they like
   */
  admitCall?(identity: Identity, client: ClientFacts): Promise<void>;
  /**
   * @throws GraphQLError `BAD_USER_INPUT`, `COST_ESTIMATED_TOO_EXPENSIVE`. Absent where operations may ask and cost
   * anything
   */
  admitOperation?(operation: CostedOperation): void;
  /** One translation of errors for every transport: expected ones pass, the others are logged and masked. */
  publicErrors(errors: readonly GraphQLError[], context: GatewayContext): GraphQLFormattedError[];
  /** May a page of this origin open a socket? A missing origin (no browser) may. */
  originAllowed(origin: string | undefined): boolean;
  /** Awaited for every event before anybody can be shown it. Absent where nothing is cached. */
  readonly eviction?: Eviction;
  /** Topics that are followed for `eviction` alone, whether a live field shows them or not. */
  readonly evictionTopics?: readonly string[];
  /** Tells a subgraph whom it was that one of its streams was refused to. Absent where nobody publishes it. */
  readonly reportDenial?: ReportDenial;
  /** Absent where nobody manages subscriptions. */
  readonly subscriptionRegistry?: SubscriptionRegistry;
  /** Absent where organisations have no plans. */
  readonly planFeatures?: PlanFeatures;
}

/** A request to `/graphql` whose body was read, and its answer as long as nobody has begun it. */
export interface HttpExchange {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** What it asks, read and checked. */
  readonly sent: HttpOperation;
  /** From the address: where a reader resumes that can set no header. */
  readonly lastEventId: string | undefined;
  readonly client: ClientFacts;
  readonly trace: TraceContext;
  readonly logger: Logger;
  readonly forwardedHeaders: Readonly<Record<string, string>>;
  /** The bearer token, if any. @throws AppError `UNAUTHENTICATED` for any other scheme */
  token(): string | undefined;
  /** Takes over the answer, with the headers that it has already. */
  take(): ServerResponse;
}

/** What the live room gives back. The gateway starts it before it listens and stops it first. */
export interface LivePart {
  /** What it counts about itself: plain numbers. */
  counters(): LiveCounters;
  /** Is this field of the root type `Subscription` a live one, in the current schema? */
  serves(field: string): boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Every upgrade request to `/graphql`; origin, subprotocol and limits are the live room's to check. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /**
   * Answers requests whose answer streams. @returns `false` when this one's does not: it was not touched
   * @throws AppError what is refused before a stream is opened, and `sent.refused` of an exchange whose answer would
   * stream
   */
  handleHttp?(exchange: HttpExchange): false | Promise<boolean>;
}

export type CreateLive = (ports: LivePorts) => LivePart;
