/**
 * Links to printable documents. What a link opens, and until when, is sealed into it: whoever has the link needs no
 * session, and nobody can make one.
 */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { TextSeal } from "../../../platform/auth/text-seal.ts";
import type { Clock } from "../../../platform/clock.ts";

export type DocumentName = "invoices" | "credit-notes";

export interface LinkedDocument {
  readonly id: string;
  readonly organizationId: OrganizationId;
}

export type LinkReading =
  | { readonly state: "GOOD"; readonly organizationId: OrganizationId }
  | { readonly state: "EXPIRED" }
  | { readonly state: "FORGED" };

export interface DocumentLinks {
  /** An address of the gateway, good for 15 minutes. */
  linkTo(name: DocumentName, document: LinkedDocument): string;
  /** @param token as the address has it; null: it has none */
  read(name: DocumentName, id: string, token: string | null): LinkReading;
}

export interface DocumentLinksOptions {
  /** As its address at the gateway has it. */
  readonly subgraph: string;
  /** Of the gateway. */
  readonly baseUrl: string;
  readonly seal: TextSeal;
  readonly clock: Clock;
}

const LIFETIME_MS = 15 * 60_000;

const content = z.object({ organizationId: OrganizationId.schema, until: z.int() });

export function createDocumentLinks({ subgraph, baseUrl, seal, clock }: DocumentLinksOptions): DocumentLinks {
  return {
    linkTo(name, { id, organizationId }) {
      const until = clock.now().getTime() + LIFETIME_MS;
      const url = new URL(`/documents/${subgraph}/${name}/${id}`, baseUrl);
      url.searchParams.set("token", seal.seal(JSON.stringify({ organizationId, until }), ownerOf(name, id)));
      return url.href;
    },

    read(name, id, token) {
      const opened = token === null ? undefined : open(seal, token, ownerOf(name, id));
      if (opened === undefined) return { state: "FORGED" };
      const { organizationId, until } = opened;
      return until < clock.now().getTime() ? { state: "EXPIRED" } : { state: "GOOD", organizationId };
    },
  };
}

/** A link opens nothing but the document that it was made for. */
const ownerOf = (name: DocumentName, id: string) => `${name}/${id}`;

function open(seal: TextSeal, token: string, owner: string): z.infer<typeof content> | undefined {
  try {
    return content.parse(JSON.parse(seal.open(token, owner)));
  } catch {
    return undefined;
  }
}
