/** Statements on the read model by which members are found. */
import { z } from "zod";
import { keysetWalk, type RowPage } from "../../../platform/database/keyset.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import { MembershipId, type OrganizationId, type UserId } from "../domain/ids.ts";
import type { SearchEntry } from "../domain/search-words.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

/** A member that was found. */
export interface FoundMember {
  /** The word that leads the search, and the member's term that begins with it. */
  readonly leading: string;
  readonly term: string;
  readonly membershipId: MembershipId;
}

/** Behind every character that a word can have. */
const LAST_CHARACTER = "\u{10FFFF}";

const INSERT = `
  INSERT INTO member_search_term (organization_id, term, membership_id, user_id, shared_length, words)
  SELECT membership.organization_id, entry.term, membership.id, membership.user_id, entry.shared_length, entry.words
  FROM json_to_recordset($1::json) AS entry (user_id text, term text, shared_length integer, words text)
  JOIN membership ON membership.user_id = entry.user_id`;

/** Of what the transaction's tenants have with these users; the rest stays. */
export async function replaceSearchEntries(
  tx: UserTransaction,
  entries: ReadonlyMap<UserId, SearchEntry>,
): Promise<void> {
  await tables(tx).memberSearchTerm.deleteMany({ where: { userId: { in: [...entries.keys()] } } });
  const rows = [...entries].flatMap(([userId, { terms, words }]) =>
    terms.map(({ term, sharedLength }) => ({ user_id: userId, term, shared_length: sharedLength, words })),
  );
  await tables(tx).$executeRawUnsafe(INSERT, JSON.stringify(rows));
}

const foundRows = z.array(z.object({ term: z.string(), membershipId: MembershipId.schema }));
const countRows = z.array(z.object({ word: z.string(), count: z.number() }));

/** More rows than this make a word a frequent one: no more are counted. */
const MAX_COUNTED = 300;

const COUNTS = `
  SELECT word, (
    SELECT count(*)::int FROM (
      SELECT 1 FROM member_search_term WHERE organization_id = $1 AND term >= word AND term < word || $3 LIMIT $4
    ) AS few
  ) AS count
  FROM unnest($2::text[]) AS word`;

/** The word that fewest members have. */
async function rarestOf(
  tx: UserTransaction,
  organizationId: OrganizationId,
  words: readonly string[],
): Promise<string> {
  const [first = "", ...others] = words;
  if (others.length === 0) return first;
  const sent = [organizationId, [...words], LAST_CHARACTER, MAX_COUNTED] as const;
  const counts = countRows.parse(await tables(tx).$queryRawUnsafe(COUNTS, ...sent));
  return counts.reduce((least, each) => (isRarer(each, least) ? each : least)).word;
}

/** Of two frequent ones the longer one narrows more. */
function isRarer(one: z.infer<typeof countRows>[number], other: z.infer<typeof countRows>[number]): boolean {
  return one.count < other.count || (one.count === other.count && one.word.length > other.word.length);
}

/**
 * In the order of the terms that begin with one of the words, then of joining. Never counted: that would read all that
 * match.
 * @param words of which each begins one of a member's; at least one
 */
export async function pageFoundMembers(
  tx: UserTransaction,
  organizationId: OrganizationId,
  words: readonly string[],
  page: Page,
): Promise<RowPage<FoundMember>> {
  const { order, take } = keysetWalk(page, "ascending");
  const beyond = page.key === undefined ? undefined : parseKey(page.key);
  // A list goes on by the word that it began with.
  const leading = beyond?.leading ?? (await rarestOf(tx, organizationId, words));
  const rows = await tables(tx).$queryRawUnsafe(
    `SELECT term, membership_id AS "membershipId" FROM member_search_term
     WHERE organization_id = $1 AND term >= $2 AND term < $3 AND shared_length < $4
       AND NOT EXISTS (SELECT 1 FROM unnest($5::text[]) AS other WHERE strpos(words, other) = 0)
       ${beyond === undefined ? "" : `AND (term, membership_id) ${order === "asc" ? ">" : "<"} ($7, $8)`}
     ORDER BY term ${order}, membership_id ${order} LIMIT $6`,
    organizationId,
    leading,
    leading + LAST_CHARACTER,
    [...leading].length,
    words.filter((word) => word !== leading).map((word) => ` ${word}`),
    take,
    ...(beyond === undefined ? [] : [beyond.term, beyond.membershipId]),
  );
  return { rows: foundRows.parse(rows).map((row) => ({ ...row, leading })), totalCount: null };
}

/** A place in the list, for a cursor. */
export function keyOfFound({ leading, term, membershipId }: FoundMember): string {
  return `${membershipId} ${leading} ${term}`;
}

/** No word holds a space. */
function parseKey(key: string): FoundMember {
  const [id = "", leading = "", term = ""] = key.split(" ");
  return { membershipId: MembershipId.require(id), leading, term };
}
