// Poison: events that a consumer refuses whatever it does, and records that are no events at all. Each must become one
// dead letter, nothing else may become one, and each can be settled by an operator.
import { randomUUID } from "node:crypto";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { startProcess } from "../../support/process.ts";
import { recordsIn } from "../../support/stack/event-log-beside.ts";
import { rowsOf } from "../../support/stack/rows-of.ts";
import type { Stack } from "../../support/stack/stack.ts";
import { waitFor } from "../../support/wait.ts";

/** Billing opens no account for an organisation whose id ends so: for every second one, which no short run misses. */
const POISONOUS = "[0-7]$";
const REFUSING = "billing.sagas";
/** Keeps the dead letters of what is no event. */
const RECORDING = "audit.entries";
const ATTEMPTS = 3;
const TOPICS = ["user.events", "billing.events"] as const;
const BROKEN = '{"poison":';
const APPEND_MS = 60_000;
const SETTLE_MS = 120_000;
/** An operator names at most a hundred at once. */
const AT_ONCE = 100;
const SAMPLES = 3;

interface Letter {
  readonly id: string;
  readonly identity: string;
  readonly consumer: string;
  readonly record_key: string;
  readonly attempts: number;
  readonly failures: number;
  readonly status: string;
}

export interface LetterFigures {
  readonly refused: number;
  readonly broken: number;
  /** What the dead letters lack, or hold beside the poison. */
  readonly differences: readonly string[];
  /** Neither replayed with success nor discarded when asked to be. */
  readonly unsettled: number;
}

/** Organisations from before are not poisonous. */
export async function refuseSomeAccounts(stack: Stack): Promise<void> {
  await rowsOf(
    stack,
    "billing",
    `CREATE FUNCTION refuse_account() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN RAISE EXCEPTION 'poisonous'; END $$;
     CREATE TRIGGER poison BEFORE INSERT ON billing_account FOR EACH ROW
       WHEN (NEW.organization_id ~ '${POISONOUS}') EXECUTE FUNCTION refuse_account()`,
  );
}

/** Resolves when the log has taken it; it may have taken it twice. */
export async function appendBrokenRecord(log: EventLog, drawn: number): Promise<void> {
  const topic = TOPICS[Math.floor(drawn * TOPICS.length)] ?? TOPICS[0];
  const record = { key: `usr_${randomUUID()}`, value: `${BROKEN}"${randomUUID()}` };
  const appended = async () => {
    await log.append(topic, [record]);
    return true;
  };
  await waitFor(appended, { what: "a broken record in the log", deadlineMs: APPEND_MS, intervalMs: 500 });
}

/** Waits until the dead letters are the poison, then has an operator replay or discard them all. */
export async function settlePoison(stack: Stack, log: EventLog): Promise<LetterFigures> {
  const compared = () => compareLetters(stack, log);
  const agreed = async () => {
    const { differences } = await compared();
    if (differences.length > 0) throw new Error(differences.join("; "));
    return true;
  };
  await waitFor(agreed, { what: "the dead letters", deadlineMs: SETTLE_MS, intervalMs: 1_000 }).catch(() => false);
  const figures = await compared();
  await rowsOf(stack, "billing", "DROP TRIGGER poison ON billing_account");
  const ids = async (consumer: string) =>
    (await lettersOf(stack)).filter((letter) => letter.consumer === consumer).map(({ id }) => id);
  await operate(stack, "replay", await ids(REFUSING), ["--reason", "billing opens accounts again"]);
  await operate(stack, "discard", await ids(RECORDING), ["--reason", "no events"]);
  const unsettled = async () => (await lettersOf(stack)).filter(({ status }) => !/^(REPLAYED|DISCARDED)$/.test(status));
  await waitFor(async () => (await unsettled()).length === 0, {
    what: "every letter to be settled",
    deadlineMs: SETTLE_MS,
    intervalMs: 500,
  }).catch(() => false);
  return { ...figures, unsettled: (await unsettled()).length };
}

const lettersOf = (stack: Stack) =>
  rowsOf<Letter & { readonly [column: string]: unknown }>(
    stack,
    "audit",
    "SELECT id, identity, consumer, record_key, attempts, failures, status FROM dead_letter ORDER BY id",
  );

async function compareLetters(stack: Stack, log: EventLog): Promise<Omit<LetterFigures, "unsettled">> {
  const letters = await lettersOf(stack);
  const organizations = await rowsOf<{ id: string }>(
    stack,
    "user",
    `SELECT id FROM organization WHERE id ~ '${POISONOUS}' AND id <> ALL ($1)`,
    [await organizationsWithAccounts(stack)],
  );
  const broken: string[] = [];
  for (const topic of TOPICS) {
    for await (const { value, partition, offset } of recordsIn(log, topic)) {
      if (value.startsWith(BROKEN)) broken.push(`${RECORDING}:${topic}:${partition}:${offset}`);
    }
  }
  // The relay may publish an event twice, and each copy is refused.
  const refusedKeys = new Set(
    letters.filter(({ consumer }) => consumer === REFUSING).map(({ record_key }) => record_key),
  );
  // What makes it unique follows the place.
  const recordedPlaces = letters
    .filter(({ consumer }) => consumer === RECORDING)
    .map(({ identity }) => identity.split(":").slice(0, 4).join(":"));
  const differences = [
    ...differenceOf("organisations", new Set(organizations.map(({ id }) => id)), refusedKeys),
    ...differenceOf("broken records", new Set(broken), new Set(recordedPlaces)),
    ...sampled(
      "dead letters of consumers that were given no poison",
      letters.filter(({ consumer }) => consumer !== REFUSING && consumer !== RECORDING).map(({ identity }) => identity),
    ),
    ...sampled(
      `refused events without ${ATTEMPTS} attempts`,
      letters
        .filter(({ consumer, attempts, failures }) => consumer === REFUSING && attempts !== ATTEMPTS * failures)
        .map(({ identity, attempts }) => `${identity} (${attempts})`),
    ),
  ];
  return { refused: organizations.length, broken: broken.length, differences };
}

/** While the trigger stands, those that are poisonous have none, unless they are from before. */
async function organizationsWithAccounts(stack: Stack): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(stack, "billing", "SELECT organization_id AS id FROM billing_account");
  return rows.map(({ id }) => id);
}

function differenceOf(what: string, wanted: ReadonlySet<string>, found: ReadonlySet<string>): string[] {
  return [
    ...sampled(`${what} without a dead letter`, [...wanted.difference(found)]),
    ...sampled(`dead letters without ${what}`, [...found.difference(wanted)]),
  ];
}

function sampled(what: string, found: readonly string[]): string[] {
  return found.length === 0 ? [] : [`${found.length} ${what}: ${found.slice(0, SAMPLES).join(", ")}`];
}

/** As people do: on the command line. */
async function operate(stack: Stack, verb: string, ids: readonly string[], options: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const words = ["dead-letters", verb, ...ids.slice(from, from + AT_ONCE), ...options];
    const running = await startProcess({
      entry: "subgraphs/operator-main.ts",
      entryArguments: words,
      env: stack.operator,
      name: "operator",
    });
    const { code } = await running.exited;
    if (code !== 0) throw new Error(`an operator could not ${verb} dead letters: ${await running.output()}`);
  }
}
