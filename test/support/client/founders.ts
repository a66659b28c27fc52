// People who create organisations: a person may create twenty.
import { createOrganizationSurely } from "./keyed-commands.ts";
import { type Member, newMember, type PlatformAddress } from "./new-member.ts";

/** One below what a person may create: a command that was carried out unheard counts, too. */
const EACH = 19;
const AT_ONCE = 4;

export interface Founders {
  /** Created by whoever is next. @returns the organisation's id */
  create(name?: string): Promise<string>;
  /** How many more can be created. */
  left(): number;
}

/** @param organizations how many can be created at most */
export async function newFounders(platform: PlatformAddress, organizations: number): Promise<Founders> {
  const count = Math.ceil(organizations / EACH);
  const people: Member[] = [];
  const makers = Array.from({ length: AT_ONCE }, async (_, maker) => {
    for (let index = maker; index < count; index += AT_ONCE) people.push(await newMember(platform, "Fay Founder"));
  });
  await Promise.all(makers);
  let created = 0;
  return {
    async create(name) {
      const person = people[created % count];
      created += 1;
      if (person === undefined || created > count * EACH)
        throw new Error(`no more than ${count * EACH} can be created`);
      return createOrganizationSurely(person, name);
    },
    left: () => count * EACH - created,
  };
}
