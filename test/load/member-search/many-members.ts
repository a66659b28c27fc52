// An organisation with very many members, written past the API: names as frequent as among people, each member with the
// words that the platform keeps for it.
import { Client } from "pg";
import { systemClock } from "../../../platform/clock.ts";
import { createIdSource } from "../../../platform/ids.ts";
import { searchEntry } from "../../../subgraphs/user/domain/search-words.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { createZipf } from "../zipf.ts";

export interface PersonName {
  readonly first: string;
  readonly last: string;
}

const FIRST_NAMES = 5_000;
const LAST_NAMES = 50_000;
/** A few names are frequent, most are rare. */
const EXPONENT = 0.8;
const PER_STATEMENT = 5_000;
const ONSETS = "b d f g h j k l m n p r s t v w z br kl st".split(" ");
const VOWELS = "a e i o u ai ei".split(" ");
const CODAS = ["", "", "n", "r", "l", "s"];

const PEOPLE = `
  INSERT INTO "user" (id, email, display_name, password_hash, status, verification_requested_at, created_at, updated_at)
  SELECT id, email, name, 'none', 'ACTIVE', now(), now(), now()
  FROM json_to_recordset($1::json) AS person (id text, email text, name text)`;
const MEMBERSHIPS = `
  INSERT INTO membership (id, organization_id, user_id, founder, joined_at)
  SELECT membership, $2, id, false, now() FROM json_to_recordset($1::json) AS person (id text, membership text)`;
const TERMS = `
  INSERT INTO member_search_term (organization_id, term, membership_id, user_id, shared_length, words)
  SELECT $2, term, membership, id, shared, words
  FROM json_to_recordset($1::json) AS entry (id text, membership text, term text, shared integer, words text)`;

/** @returns who they are, by the frequency of their names */
export function inventNames(): () => PersonName {
  const random = seededRandom(87);
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? "";
  const invent = (syllables: number) =>
    Array.from({ length: syllables }, () => pick(ONSETS) + pick(VOWELS)).join("") + pick(CODAS);
  const invented = (count: number) => Array.from({ length: count }, (_, rank) => invent(2 + (rank % 3 === 0 ? 0 : 1)));
  const [firsts, lasts] = [invented(FIRST_NAMES), invented(LAST_NAMES)];
  const [firstRank, lastRank] = [createZipf(FIRST_NAMES, EXPONENT), createZipf(LAST_NAMES, EXPONENT)];
  return () => ({ first: firsts[firstRank(random())] ?? "", last: lasts[lastRank(random())] ?? "" });
}

/** @param databaseUrl of a superuser. @param told called with how many there are */
export async function addMembers(
  databaseUrl: string,
  organizationId: string,
  count: number,
  told: (done: number) => void,
): Promise<void> {
  const nextName = inventNames();
  const ids = createIdSource(systemClock);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (let done = 0; done < count; ) {
      const people = Array.from({ length: Math.min(PER_STATEMENT, count - done) }, (_, index) => {
        const { first, last } = nextName();
        const email = `${first}.${last}.${done + index}@example.com`;
        return { id: ids.next("usr"), membership: ids.next("mem"), name: `${first} ${last}`, email };
      });
      const terms = people.flatMap(({ id, membership, name, email }) => {
        const { terms: own, words } = searchEntry({ displayName: name, email });
        return own.map(({ term, sharedLength }) => ({ id, membership, term, shared: sharedLength, words }));
      });
      await client.query(PEOPLE, [JSON.stringify(people)]);
      await client.query(MEMBERSHIPS, [JSON.stringify(people), organizationId]);
      await client.query(TERMS, [JSON.stringify(terms), organizationId]);
      done += people.length;
      told(done);
    }
    await client.query('VACUUM ANALYZE "user", membership, member_search_term');
    // What was written goes to the disk now, and not beside the searches.
    await client.query("CHECKPOINT");
  } finally {
    await client.end();
  }
}
