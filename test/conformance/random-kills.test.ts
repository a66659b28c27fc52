// S54 and S55: producers, relays, consumers and their database connections are killed at random while commands run, of
// which one in ten is rolled back. What was committed is what was published is what was recorded, and read models equal
// their sources. The long version makes 1,000 kills.
import { afterAll, beforeAll, expect, test } from "vitest";
import { newFounders } from "../support/client/founders.ts";
import { attachInVain, attachSurely } from "../support/client/keyed-commands.ts";
import { type Account, type Member, newMember, newOrganization, register } from "../support/client/new-member.ts";
import { randomOfTest } from "../support/random-of-test.ts";
import { cutConnections } from "../support/stack/cut-connections.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { compareStores } from "../support/stack/stores.ts";
import { waitFor } from "../support/wait.ts";
import { sizeOf } from "../tiers.ts";

const KILLS = sizeOf("randomKills");
const OWNERS = 3;
const SUBGRAPHS = ["user", "billing", "audit"] as const;
/** Lets some commands be in the midst of anything when the next kill comes. */
const LONGEST_PAUSE_MS = 300;
const COMMANDS_BETWEEN_KILLS = 3;
const RECOVERY_MS = 120_000;

let stack: Stack;

beforeAll(async () => {
  // The long version takes longer than an access token is good for.
  stack = await startStack("distributed", {
    settings: { RATE_LIMIT_POINTS: "1000000", ACCESS_TOKEN_SECONDS: "86400" },
  });
});
afterAll(() => stack?.stop());

/** One command in ten attaches a Mastercard; its transaction fails at the commit, after its rows were written. */
const REFUSE_MASTERCARDS = `
  CREATE FUNCTION refuse_mastercard() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NEW.envelope LIKE '%"brand":"mastercard"%' THEN RAISE EXCEPTION 'forced rollback'; END IF;
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER forced_rollback AFTER INSERT ON outbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_mastercard();`;

interface Owner {
  readonly member: Member;
  readonly account: Account;
}

test(`through ${KILLS} kills of processes and connections, what was committed is what was published and recorded, and read models equal their sources [S54] [S55]`, {
  timeout: 120_000 + KILLS * 15_000,
}, async () => {
  const owners: Owner[] = [];
  for (let number = 0; number < OWNERS; number += 1) {
    const member = await newMember(stack);
    owners.push({ member, account: await newOrganization(member) });
  }
  const founders = await newFounders(stack, KILLS + OWNERS);
  await rowsOf(stack, "billing", REFUSE_MASTERCARDS);

  const acknowledged = { cards: [] as string[], organizations: [] as string[] };
  let done = 0;
  let stopped = false;
  const working = owners.map(async ({ member, account }, index) => {
    const random = randomOfTest(`commands of ${index}`);
    while (!stopped) {
      const drawn = random.next();
      if (drawn < 0.1) await attachInVain(member, account);
      else if (drawn < 0.15) await waitFor(() => register(stack), { what: "a registration", deadlineMs: RECOVERY_MS });
      // Commands go on until a killed process is back: a fast machine carries out more than there are founders for.
      else if (drawn < 0.25 && founders.left() > 0) acknowledged.organizations.push(await founders.create());
      else acknowledged.cards.push(await attachSurely(member, account));
      done += 1;
    }
  });
  try {
    await killAtRandom(() => done);
  } finally {
    stopped = true;
    await Promise.all(working);
  }

  const compared = await compareStores(stack);
  console.info(`${KILLS} kills, ${done} commands:`, compared);
  expect(compared.differences).toEqual([]);
  expect(compared.committed).toBeGreaterThan(KILLS);
  const cards = await idsIn("billing", "SELECT id FROM payment_method WHERE brand <> 'mastercard'");
  expect(cards.map(({ id }) => id).sort()).toEqual(acknowledged.cards.sort());
  expect(await idsIn("billing", "SELECT id FROM payment_method WHERE brand = 'mastercard'")).toEqual([]);
  const organizations = new Set((await idsIn("user", "SELECT id FROM organization")).map(({ id }) => id));
  expect(acknowledged.organizations.filter((id) => !organizations.has(id))).toEqual([]);
  expect(organizations.size).toBe(OWNERS + acknowledged.organizations.length);
});

/** Kills whatever the test's chance names; the next kill waits for some commands, not for the recovery. */
async function killAtRandom(done: () => number): Promise<void> {
  const random = randomOfTest("kills");
  const restarting = new Map<string, Promise<void>>();
  const tally = new Map<string, number>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const subgraph = SUBGRAPHS[random.integer(0, SUBGRAPHS.length)] ?? "billing";
    const drawn = random.next();
    const what = drawn < 0.3 ? "process" : drawn < 0.6 ? "relay's connection" : "all connections";
    tally.set(`${subgraph}: ${what}`, (tally.get(`${subgraph}: ${what}`) ?? 0) + 1);
    if (what === "process") {
      await restarting.get(subgraph);
      const running = stack.processOf(subgraph);
      await running.crash();
      const back = running.restart();
      back.catch(() => undefined);
      restarting.set(subgraph, back);
    } else {
      await cutConnections(stack, subgraph, what === "all connections" ? "all" : "relay");
    }
    const enough = done() + COMMANDS_BETWEEN_KILLS;
    await waitFor(() => done() >= enough, { what: "commands after a kill", deadlineMs: RECOVERY_MS });
    await new Promise((resolve) => setTimeout(resolve, random.integer(0, LONGEST_PAUSE_MS)));
  }
  await Promise.all(restarting.values());
  console.info("killed:", Object.fromEntries(tally));
}

const idsIn = (subgraph: string, sql: string) => rowsOf<{ id: string }>(stack, subgraph, sql);
