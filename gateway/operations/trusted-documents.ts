/**
 * The operations that clients registered when they were built, from manifests in the format of Apollo's persisted
 * queries. Read once, at the start.
 */
import { readFile } from "node:fs/promises";
import { Kind, parse } from "graphql";
import { z } from "zod";
import { AppError } from "../../platform/errors/app-error.ts";
import { documentHash, isDocumentHash } from "./document-hash.ts";

export interface TrustedDocuments {
  text(id: string): string | undefined;
  /** Is this text registered, letter by letter? */
  holds(text: string): boolean;
  /** Names of the registered operations. */
  readonly names: ReadonlySet<string>;
}

const manifestSchema = z.object({
  format: z.literal("apollo-persisted-query-manifest"),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string().min(1).max(256), name: z.string(), body: z.string().min(1) })),
});

/**
 * @param files paths of manifests: of every client version that is still in use
 * @throws AppError `CONFIG_INVALID` for a file that cannot be read or is no manifest, or for a document that does not
 * parse; also for a hash that is not its document's, and for an id with two documents
 */
export async function readTrustedDocuments(files: readonly string[]): Promise<TrustedDocuments> {
  const byId = new Map<string, string>();
  const names = new Set<string>();
  for (const file of files) {
    for (const { id, name, body } of await readManifest(file)) {
      const existing = byId.get(id);
      if (existing !== undefined && existing !== body) throw invalid(file, `id ${id} stands for two documents`);
      if (isDocumentHash(id) && id !== documentHash(body)) throw invalid(file, `${name} is not the document of its id`);
      if (existing === undefined) checkDocument(file, name, body);
      byId.set(id, body);
      names.add(name);
    }
  }
  const texts = new Set(byId.values());
  return { text: (id) => byId.get(id), holds: (text) => texts.has(text), names };
}

async function readManifest(file: string) {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(file, "utf8"))).operations;
  } catch (error) {
    throw invalid(file, error instanceof z.ZodError ? z.prettifyError(error) : String(error), error);
  }
}

function checkDocument(file: string, name: string, body: string): void {
  try {
    const operations = parse(body).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    if (operations.length === 0) throw new Error("no operation");
  } catch (error) {
    throw invalid(file, `${name} is no operation`, error);
  }
}

function invalid(file: string, problem: string, cause?: unknown): AppError {
  return new AppError("CONFIG_INVALID", `TRUSTED_DOCUMENTS_FILE: ${file}: ${problem}`, { cause });
}
