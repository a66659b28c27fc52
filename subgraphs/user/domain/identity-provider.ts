import type { DomainId, OrganizationId } from "./ids.ts";

/** A domain that an organisation says is its own. */
export interface OrganizationDomain {
  readonly id: DomainId;
  readonly organizationId: OrganizationId;
  /** Lower case, in Unicode, as addresses have it. */
  readonly domain: string;
  /** What the record in its DNS holds. */
  readonly token: string;
  readonly createdAt: Date;
  /** When the record was seen; null until then. */
  readonly verifiedAt: Date | null;
}

/** Where an organisation's people sign in (OpenID Connect). */
export interface IdentityProvider {
  readonly organizationId: OrganizationId;
  readonly issuer: string;
  readonly clientId: string;
  /** Only `platform/auth/text-seal.ts` opens it. */
  readonly sealedSecret: string;
  /** Whether people with an address of the organisation's domains have to sign in there. */
  readonly enforced: boolean;
  readonly version: number;
  readonly updatedAt: Date;
}

/** Of one organisation. */
export const MAX_DOMAINS = 20;

/** Under which name of a domain its record stands. */
export const RECORD_LABEL = "_tributary";

/** The record's value. */
export const recordOf = ({ token }: Pick<OrganizationDomain, "token">): string => `tributary-verification=${token}`;
