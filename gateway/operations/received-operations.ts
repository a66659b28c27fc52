/**
 * From what a client sent, a text or the name of one, to the document that runs. Automatic persisted queries keep texts
 * that a client sent with their hash; registered documents are known from the start, and may be the only ones that run.
 */
import { GraphQLError } from "graphql";
import { z } from "zod";
import type { Logger } from "../../platform/logger/logger.ts";
import type { ClientName } from "./client-name.ts";
import { documentHash, isDocumentHash } from "./document-hash.ts";
import type { DocumentStore } from "./document-store.ts";
import { idNotInList, malformed, mismatch, noDocument, notFound, notSupported, textNotInList } from "./refusals.ts";
import type { RequestParameters } from "./request-parameters.ts";
import type { TrustedDocuments } from "./trusted-documents.ts";
import type { DocumentSource, Usage } from "./usage.ts";

/**
 * The parameters of a request that say what to run; `documentId` is `sha256:` and a hash, or the id of a registered
 * document.
 */
export interface SentOperation extends Partial<Pick<RequestParameters, "query" | "documentId" | "extensions">> {
  readonly client: ClientName | undefined;
}

export interface ReceivedOperation {
  readonly text: string;
  /**
   * To be called when the operation passed limits, validation and cost: it is counted, and a text that came with its
   * hash is stored from now on. Never throws.
   */
  accepted(operationName: string | null | undefined): void;
}

export interface ReceivedOperations {
  /**
   * Asynchronous only where a text has to be looked up.
   * @throws GraphQLError, also as a rejection: `PERSISTED_QUERY_NOT_FOUND`, `PERSISTED_QUERY_NOT_SUPPORTED`,
   * `PERSISTED_QUERY_NOT_IN_LIST`, `QUERY_NOT_IN_SAFELIST`, `BAD_REQUEST`; the last one also where neither a text nor a
   * name of one is there
   */
  receive(sent: SentOperation): ReceivedOperation | Promise<ReceivedOperation>;
}

export interface ReceivedOperationsOptions {
  /** Do only registered documents run? */
  readonly only: boolean;
  readonly trusted: TrustedDocuments;
  /** Where texts are stored by their hash; absent: automatic persisted queries are off. */
  readonly store: DocumentStore | undefined;
  readonly usage: Usage;
  readonly logger: Logger;
}

const MAX_ID_LENGTH = 256;
const SHA256_PREFIX = "sha256:";

const persistedQuery = z.object({ version: z.literal(1), sha256Hash: z.string().min(1).max(MAX_ID_LENGTH) });

export function createReceivedOperations(options: ReceivedOperationsOptions): ReceivedOperations {
  const { only, trusted, store, usage, logger } = options;

  function received(
    { client }: SentOperation,
    text: string,
    source: DocumentSource,
    keep?: () => void,
  ): ReceivedOperation {
    return {
      text,
      accepted(operationName) {
        usage.count({ client, operationName, source });
        keep?.();
      },
    };
  }

  function byText(sent: SentOperation, text: string): ReceivedOperation {
    if (trusted.holds(text)) return received(sent, text, "trusted");
    if (only) throw textNotInList();
    return received(sent, text, "text");
  }

  function byId(sent: SentOperation, id: string, text: string | undefined) {
    const registered = trusted.text(id);
    if (registered !== undefined) {
      if (text !== undefined && text !== registered) throw mismatch();
      return received(sent, registered, "trusted");
    }
    if (only) throw idNotInList();
    if (store === undefined) throw notSupported();
    if (text === undefined) return lookUp(sent, id);
    if (documentHash(text) !== id) throw mismatch();
    return received(sent, text, "text", () => keep(id, text));
  }

  async function lookUp(sent: SentOperation, hash: string): Promise<ReceivedOperation> {
    const text = isDocumentHash(hash) ? await store?.find(hash) : undefined;
    if (text === undefined) throw notFound();
    return received(sent, text, "persisted");
  }

  function keep(hash: string, text: string): void {
    store?.keep(hash, text).catch((error: unknown) => {
      logger.warn({ err: error }, "a persisted query could not be kept");
    });
  }

  function find(sent: SentOperation): ReceivedOperation | Promise<ReceivedOperation> {
    const id = idOf(sent);
    if (id !== undefined) return byId(sent, id, sent.query);
    if (sent.query === undefined) throw noDocument();
    return byText(sent, sent.query);
  }

  function countRefusal(error: unknown): never {
    if (error instanceof GraphQLError) usage.countRefusal(String(error.extensions["code"]));
    throw error;
  }

  return {
    receive(sent) {
      try {
        const found = find(sent);
        return found instanceof Promise ? found.catch(countRefusal) : found;
      } catch (error) {
        return countRefusal(error);
      }
    },
  };
}

function idOf({ documentId, extensions }: SentOperation): string | undefined {
  const fromExtensions = idOfExtensions(extensions);
  if (documentId === undefined) return fromExtensions;
  if (documentId.length > MAX_ID_LENGTH) throw malformed(`\`documentId\` may have ${MAX_ID_LENGTH} characters.`);
  const id = documentId.startsWith(SHA256_PREFIX) ? documentId.slice(SHA256_PREFIX.length) : documentId;
  if (fromExtensions !== undefined && fromExtensions !== id) {
    throw malformed("`documentId` and `extensions.persistedQuery` name different documents.");
  }
  return id;
}

function idOfExtensions(extensions: SentOperation["extensions"]): string | undefined {
  const named = extensions?.["persistedQuery"];
  if (named === null || named === undefined) return undefined;
  const given = persistedQuery.safeParse(named);
  if (!given.success) throw malformed("`extensions.persistedQuery` must hold `version` 1 and `sha256Hash`.");
  return given.data.sha256Hash;
}
