// Dead letters of all consumers: stored once, shown to operators alone, replayed and discarded with an audit entry.
// What audit itself could not record says so in the chain.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { PLATFORM } from "../../../../platform/auth/principal-ids.ts";
import { appendDeadLetter } from "../../../../platform/events/dead-letter.ts";
import { replayTopic } from "../../../../platform/events/replay.ts";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { verifyChain } from "../../../../subgraphs/audit/domain/entry-hash.ts";
import { namedId } from "../../../support/identities.ts";
import { startProcess } from "../../../support/process.ts";
import { waitFor } from "../../../support/wait.ts";
import { type AuditFixture, createAuditFixture, OPERATORS, recordsOf, userOf } from "./audit-fixture.ts";

let fixture: AuditFixture;
let subgraph: Subgraph;

const GRACE = namedId("usr", "grace");
const operator = userOf({ [OPERATORS]: ["organization.manage"] }, GRACE);
const FIELDS = `id topic partition offset key consumer eventId eventType event payload lastError attempts failures
  status superseded resolvedBy resolution`;

beforeAll(async () => {
  fixture = await createAuditFixture();
  subgraph = await fixture.startSubgraph();
  // What cannot be recorded as long as this trigger stands.
  await fixture.superuser.query(`
    CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.metadata ->> 'name' = 'poison' THEN RAISE EXCEPTION 'poisoned'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER poison BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_poison()`);
});
afterAll(() => fixture?.stop());

type Json = Record<string, never>;

async function letters(filter: Readonly<Record<string, unknown>>, identity: Identity = operator): Promise<Json[]> {
  const query = `query($topic: String, $consumer: String, $organizationId: ID, $status: DeadLetterStatus) {
    deadLetters(first: 10, topic: $topic, consumer: $consumer, organizationId: $organizationId, status: $status) {
      edges { node { ${FIELDS} } }
    } }`;
  const { data, errors } = await fixture.ask(subgraph, identity, query, filter);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return JSON.parse(JSON.stringify(data))["deadLetters"].edges.map(({ node }: { node: Json }) => node);
}

const lettersOf = (organizationId: string, count = 1) =>
  waitFor(
    async () => {
      const found = await letters({ organizationId });
      return found.length >= count && found;
    },
    { what: "the dead letters" },
  );

async function change(
  mutation: "deadLetterReplay" | "deadLetterDiscard",
  input: Readonly<Record<string, unknown>>,
  identity: Identity = operator,
) {
  const type = mutation === "deadLetterReplay" ? "DeadLetterReplayInput" : "DeadLetterDiscardInput";
  const count = mutation === "deadLetterReplay" ? "replayedCount" : "discardedCount";
  const query = `mutation($input: ${type}!) { ${mutation}(input: $input) {
    deadLetters { ${FIELDS} } ${count} userErrors { code message field } } }`;
  const answer = await fixture.ask(subgraph, identity, query, {
    input: { idempotencyKey: randomUUID(), ...input },
  });
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return JSON.parse(JSON.stringify(answer.data))[mutation];
}

let offset = 16n;

/** A dead letter of a consumer in another subgraph. */
async function foreignLetter(key: string, value: string, times = 1) {
  offset += 1n;
  const record = { topic: "user.events", partition: 0, offset, key, value, appendedAt: new Date() };
  const failure = {
    consumer: "user.mail",
    record,
    attempts: 3,
    error: new Error("no route to host"),
    failedAt: new Date(),
  };
  for (let n = 0; n < times; n += 1) await appendDeadLetter(fixture.log, failure);
}

test("a dead letter of any consumer is shown with its payload, reason and attempts, once however often it is told [S51]", async () => {
  const organization = fixture.newOrganization();
  const event = fixture.renamed(organization);
  await foreignLetter(organization, JSON.stringify(event), 2);
  const [letter, ...others] = await lettersOf(organization);
  expect(others).toEqual([]);
  expect(letter).toEqual({
    id: expect.stringMatching(/^dlt_/),
    topic: "user.events",
    partition: 0,
    offset: "17",
    key: organization,
    consumer: "user.mail",
    eventId: event.id,
    eventType: event.type,
    event: { ...event },
    payload: JSON.stringify(event),
    lastError: "Error: no route to host",
    attempts: 3,
    failures: 1,
    status: "OPEN",
    superseded: false,
    resolvedBy: null,
    resolution: null,
  });
  expect(await letters({ organizationId: organization, topic: "billing.events" })).toEqual([]);
  expect(await letters({ organizationId: organization, consumer: "user.mail", status: "OPEN" })).toHaveLength(1);
  expect(await letters({ organizationId: "nobody" })).toEqual([]);
  // What another subgraph's consumer gave up on was recorded all the same.
  expect(await fixture.chain(organization)).toEqual([]);
  expect(subgraph.metrics?.().find(({ name }) => name === "tributary_dead_letters_total")?.samples).toEqual(
    expect.arrayContaining([['{topic="user.events",consumer="user.mail"}', expect.any(Number)]]),
  );
});

test("what waits is counted by topic, consumer and status", async () => {
  await foreignLetter(fixture.newOrganization(), "no JSON");
  await waitFor(
    () => {
      const samples = subgraph.metrics?.().find(({ name }) => name === "tributary_dead_letters")?.samples ?? [];
      return samples.some(([name]) => name === '{topic="user.events",consumer="user.mail",status="OPEN"}');
    },
    { what: "the gauge" },
  );
});

test("nobody but operators sees or changes dead letters, not those of their own organisation either", async () => {
  const organization = fixture.newOrganization();
  await foreignLetter(organization, "{}");
  const [letter] = await lettersOf(organization);
  const everything = ["organization.manage", "audit.read"];
  const others: Identity[] = [
    { kind: "ANONYMOUS" },
    userOf({ [organization]: everything }),
    userOf({ [OPERATORS]: ["organization.read", "audit.read"] }),
    { kind: "SERVICE", service: "gateway" },
  ];
  for (const identity of others) {
    await expect(letters({}, identity)).rejects.toThrow('"code":"FORBIDDEN"');
    const entity = "query($all: [_Any!]!) { _entities(representations: $all) { ... on DeadLetter { id } } }";
    const all = [{ __typename: "DeadLetter", id: letter?.["id"] }];
    expect((await fixture.ask(subgraph, identity, entity, { all })).data).toEqual({ _entities: [null] });
  }
  const owner = userOf({ [organization]: everything });
  const refused = await change("deadLetterReplay", { ids: [letter?.["id"]] }, owner);
  expect(refused).toMatchObject({ deadLetters: null, userErrors: [{ code: "FORBIDDEN" }] });
});

test("an event that cannot be recorded has an entry that says so, and its own one once a replay succeeds [S51] [EV-06]", async () => {
  const organization = fixture.newOrganization();
  const data = { organizationId: organization, name: "poison" };
  const poison = fixture.renamed(organization, { data });
  const next = fixture.renamed(organization);
  await fixture.deliver(poison, next);
  const [letter] = await lettersOf(organization);
  expect(letter).toMatchObject({ consumer: "audit.entries", attempts: 3, failures: 1, status: "OPEN" });
  const entries = await fixture.recorded(organization, 2);
  expect(entries.map(({ action }) => action).sort()).toEqual(["audit.event.unrecorded", "user.organization.updated"]);
  expect(entries.find(({ action }) => action.startsWith("audit."))).toMatchObject({
    actorKind: "SERVICE",
    actorId: "audit",
    outcome: "FAILURE",
    metadata: {
      deadLetterId: letter?.["id"],
      topic: "user.events",
      offset: letter?.["offset"],
      eventId: poison.id,
      eventType: poison.type,
      eventSequence: poison.sequence,
      attempts: 3,
      reason: "FAILED",
    },
  });

  const ids = [letter?.["id"]];
  const failed = await change("deadLetterReplay", { ids, reason: "Perhaps it was the weather" });
  expect(failed).toMatchObject({
    replayedCount: 0,
    deadLetters: [{ status: "OPEN", attempts: 6, failures: 2 }],
    userErrors: [{ code: "STATE_INVALID", field: ["input", "ids", "0"], message: expect.stringContaining("poisoned") }],
  });

  await fixture.superuser.query("ALTER TABLE audit_entry DISABLE TRIGGER poison");
  const replayed = await change("deadLetterReplay", { ids });
  expect(replayed).toMatchObject({
    replayedCount: 1,
    deadLetters: [{ status: "REPLAYED", resolvedBy: GRACE }],
    userErrors: [],
  });
  // Asked again, it is refused; insisted upon, it has no second effect.
  expect((await change("deadLetterReplay", { ids })).userErrors).toMatchObject([{ code: "STATE_INVALID" }]);
  expect(await change("deadLetterReplay", { ids, force: true })).toMatchObject({ replayedCount: 1, userErrors: [] });
  const chain = await fixture.chain(organization);
  expect(chain.filter(({ eventId }) => eventId === poison.id)).toHaveLength(1);
  expect(chain.filter(({ action }) => action === "audit.event.unrecorded")).toHaveLength(1);
  const asked = chain.filter(({ action }) => action === "audit.dead_letter.replay_requested");
  expect(asked).toMatchObject([
    { actorKind: "USER", actorId: GRACE, metadata: { force: false, reason: "Perhaps it was the weather" } },
    { actorId: GRACE, metadata: { force: false, reason: null } },
    { actorId: GRACE, metadata: { force: true } },
  ]);
  expect(await verifyChain(chain)).toMatchObject({ ok: true });
  await fixture.superuser.query("ALTER TABLE audit_entry ENABLE TRIGGER poison");
});

test("a record that is no event is told in the chain of its key, or in the platform's where that is nobody's [EV-06]", async () => {
  const organization = fixture.newOrganization();
  const nobody = `somebody ${randomUUID()}`;
  await fixture.log.append("user.events", [{ key: organization, value: '{"specversion": "1.0", ' }]);
  await fixture.log.append("user.events", [{ key: nobody, value: "\u{1f4a5}" }]);
  const [gap] = await fixture.recorded(organization, 1);
  expect(gap).toMatchObject({
    action: "audit.event.unrecorded",
    metadata: { topic: "user.events", eventId: null, eventType: null, attempts: 1, reason: "UNREADABLE" },
  });
  const [letter] = await lettersOf(organization);
  expect(letter).toMatchObject({ event: null, payload: '{"specversion": "1.0", ', eventId: null });
  const told = await waitFor(
    async () => {
      const chain = await fixture.chain(PLATFORM);
      return chain.length > 0 && chain;
    },
    { what: "an entry of the platform" },
  );
  expect(told[0]).toMatchObject({ tenantId: PLATFORM, action: "audit.event.unrecorded" });
  expect(await verifyChain(told)).toMatchObject({ ok: true });
});

test("a discarded letter says who discarded it and why, and so does the organisation's audit log", async () => {
  const organization = fixture.newOrganization();
  await foreignLetter(organization, "{}");
  const [letter] = await lettersOf(organization);
  const input = { ids: [letter?.["id"]], reason: "  The invitation \n expired ", idempotencyKey: randomUUID() };
  const discarded = await change("deadLetterDiscard", input);
  expect(discarded).toMatchObject({
    discardedCount: 1,
    deadLetters: [{ status: "DISCARDED", resolvedBy: GRACE, resolution: "The invitation expired" }],
    userErrors: [],
  });
  expect(await change("deadLetterDiscard", input)).toEqual(discarded);
  expect((await change("deadLetterDiscard", { ...input, idempotencyKey: randomUUID() })).userErrors).toMatchObject([
    { code: "STATE_INVALID", field: ["input", "ids", "0"] },
  ]);
  expect(await fixture.chain(organization)).toMatchObject([
    {
      action: "audit.dead_letter.discarded",
      actorId: GRACE,
      metadata: { deadLetterId: letter?.["id"], consumer: "user.mail", reason: "The invitation expired" },
    },
  ]);
  await waitFor(async () => (await recordsOf(fixture.log, "audit.events", organization)).length === 2, {
    what: "the event and the announcement of its entry",
  });
});

test("a command names each letter that it cannot deal with, and then changes none", async () => {
  const organization = fixture.newOrganization();
  await foreignLetter(organization, "{}");
  const [letter] = await lettersOf(organization);
  const ids = [letter?.["id"], fixture.ids.next("dlt"), "nonsense"];
  const cases: [Record<string, unknown>, unknown][] = [
    [
      { ids },
      [
        { code: "NOT_FOUND", field: ["input", "ids", "1"] },
        { code: "NOT_FOUND", field: ["input", "ids", "2"] },
      ],
    ],
    [{ ids: [] }, [{ code: "INVALID", field: ["input", "ids"] }]],
    [{ ids: [letter?.["id"]], reason: "x".repeat(201) }, [{ code: "TOO_LONG", field: ["input", "reason"] }]],
    [{ ids: [letter?.["id"]], idempotencyKey: "short" }, [{ code: "INVALID", field: ["input", "idempotencyKey"] }]],
  ];
  for (const [input, userErrors] of cases) {
    expect(await change("deadLetterReplay", input)).toMatchObject({ deadLetters: null, userErrors });
  }
  expect((await lettersOf(organization))[0]).toEqual(letter);
  expect(await recordsOf(fixture.log, replayTopic("user.mail"), organization)).toEqual([]);
});

test("what is no dead letter among the dead letters becomes one", async () => {
  const organization = fixture.newOrganization();
  await fixture.log.append("user.events.dlq", [{ key: organization, value: "who are you?" }]);
  const [letter] = await lettersOf(organization);
  expect(letter).toMatchObject({ topic: "user.events.dlq", consumer: "audit.dead-letters", payload: "who are you?" });
  const refused = await change("deadLetterReplay", { ids: [letter?.["id"]] });
  expect(refused.userErrors).toMatchObject([{ code: "STATE_INVALID", message: expect.stringContaining("discard it") }]);
});

test("the command line lists, shows, replays and discards, and says with a code what was refused [S51]", async () => {
  const operate = async (...words: readonly string[]) => {
    const running = await startProcess({
      entry: "subgraphs/operator-main.ts",
      entryArguments: ["dead-letters", ...words],
      env: { AUDIT_DATABASE_URL: fixture.urls.app },
    });
    const { code } = await running.exited;
    return { code, output: (await running.output()).trim() };
  };
  const organization = fixture.newOrganization();
  const broken = { ...fixture.renamed(organization), data: { name: 7 } };
  await fixture.log.append("user.events", [{ key: organization, value: JSON.stringify(broken) }]);
  const [letter] = await lettersOf(organization);
  const id = String(letter?.["id"]);

  expect(await operate("list", "--organization", organization)).toEqual({
    code: 0,
    output: expect.stringContaining(`${id}  OPEN  audit.entries  ${broken.type} of ${organization}  1×`),
  });
  const shown = await operate("show", id);
  expect(shown.output).toContain(`payload: ${JSON.stringify(broken)}`);
  expect(await operate("replay", id, "--reason", "Another try", "--by", "grace")).toEqual({
    code: 1,
    output: expect.stringMatching(new RegExp(`^${id}: OPEN\nSTATE_INVALID: It failed again: user`)),
  });
  expect(await operate("discard", id, "--reason", "Nobody sent it", "--by", "grace")).toEqual({
    code: 0,
    output: `${id}: DISCARDED`,
  });
  expect((await lettersOf(organization))[0]).toMatchObject({ status: "DISCARDED", resolvedBy: "operator:grace" });
  expect(await operate("list", "--organization", organization)).toEqual({ code: 0, output: "There are none." });
  const refused: [string[], number, string][] = [
    [["discard", id, "--reason", "Again"], 1, "STATE_INVALID: This dead letter is DISCARDED already."],
    [["replay", fixture.ids.next("dlt")], 1, "NOT_FOUND: There is no such dead letter."],
    [["show", "nonsense"], 1, "NOT_FOUND: There is no such dead letter."],
    [["discard", id], 2, "BAD_ARGUMENTS: say why"],
    [["list", "--status", "LOST"], 2, "BAD_ARGUMENTS: there is no status LOST"],
  ];
  for (const [words, code, output] of refused) {
    expect(await operate(...words)).toEqual({ code, output: expect.stringContaining(output) });
  }
});
