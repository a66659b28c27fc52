// A poison event end to end, over both event logs: given up after three attempts, seen by an operator, and applied once
// when the fault is mended. And an event that was lost on its way is found.
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Member,
  NEW_ORGANIZATION_VERSION,
  newMember,
  newOrganization,
  signIn,
} from "../support/client/new-member.ts";
import { namedId } from "../support/identities.ts";
import { type Stack, TOPOLOGIES } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const OPERATORS = namedId("org", "operators of the installation");

interface Letter {
  readonly id: string;
  readonly consumer: string;
  readonly eventType: string;
  readonly attempts: number;
  readonly status: string;
  readonly lastError: string;
}

interface Replayed {
  readonly deadLetterReplay: {
    readonly deadLetters: readonly Letter[] | null;
    readonly replayedCount: number | null;
    readonly userErrors: readonly { readonly code: string }[];
  };
}

const FIELDS = "id consumer eventType attempts status lastError";
const LETTERS = `query($id: ID!) { deadLetters(first: 10, organizationId: $id) { edges { node { ${FIELDS} } } } }`;
const REPLAY = `mutation($input: DeadLetterReplayInput!) { deadLetterReplay(input: $input) {
  deadLetters { ${FIELDS} } replayedCount userErrors { code } } }`;

describe.each(TOPOLOGIES)("%s", (topology) => {
  let stack: Stack;
  let operator: Member;

  /** As a superuser, who is bound by no policy. */
  async function inDatabase<Result>(name: string, work: (client: Client) => Promise<Result>): Promise<Result> {
    const client = new Client({ connectionString: stack.databaseOf(name) });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  /** Someone who manages the organisation that the installation names as its operators'. */
  async function newOperator(): Promise<Member> {
    const person = await newMember(stack, "Grace Operator");
    const [roleId, membershipId] = [namedId("rol", person.userId), namedId("mem", person.userId)];
    await inDatabase("user", async (client) => {
      await client.query(
        `INSERT INTO organization (id, slug, name, status, created_at, updated_at)
         VALUES ($1, 'the-operators', 'Operators', 'ACTIVE', now(), now())`,
        [OPERATORS],
      );
      await client.query(
        `INSERT INTO role (id, organization_id, name, permissions, built_in)
         VALUES ($1, $2, 'OWNER', '{organization.read,organization.manage}', true)`,
        [roleId, OPERATORS],
      );
      await client.query(
        "INSERT INTO membership (id, organization_id, user_id, founder, joined_at) VALUES ($1, $2, $3, true, now())",
        [membershipId, OPERATORS, person.userId],
      );
      await client.query("INSERT INTO membership_role (membership_id, role_id, organization_id) VALUES ($1, $2, $3)", [
        membershipId,
        roleId,
        OPERATORS,
      ]);
    });
    return signIn(stack, person);
  }

  async function metric(name: string): Promise<number | undefined> {
    const service = topology === "embedded" ? "gateway" : "audit";
    const text = await (await fetch(`${stack.processOf(service).url}/metrics`)).text();
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${name}{`));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ") + 1));
  }

  beforeAll(async () => {
    // A step that nobody answers is asked for again, and would fail again: not while one failure is looked at.
    const settings = { OPERATOR_ORGANIZATION_ID: OPERATORS, SAGA_RETRY_SECONDS: "3600" };
    stack = await startStack(topology, { settings });
    operator = await newOperator();
  });
  afterAll(() => stack?.stop());

  test("an operator sees what failed exactly three times, and replays it once it can succeed, with one effect [S51] [EV-06]", async () => {
    const owner = await newMember(stack);
    await inDatabase("billing", (client) =>
      client.query(`
        CREATE FUNCTION refuse_account() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no accounts today'; END $$;
        CREATE TRIGGER poison BEFORE INSERT ON billing_account FOR EACH ROW EXECUTE FUNCTION refuse_account()`),
    );
    const slug = `t-${randomUUID().slice(0, 18)}`;
    const { organization } = await owner.client.mutate<{ organization: { id: string } }>(
      "organizationCreate",
      { name: "Poisoned Works", slug, idempotencyKey: randomUUID() },
      "organization { id }",
    );
    const { id } = organization;
    const letters = async () => {
      const { deadLetters } = await operator.client.request<{ deadLetters: { edges: { node: Letter }[] } }>(LETTERS, {
        id,
      });
      return deadLetters.edges.map(({ node }) => node);
    };
    const replay = async (force = false) => {
      const input = { ids: [letter?.id], force, idempotencyKey: randomUUID() };
      return (await operator.client.request<Replayed>(REPLAY, { input })).deadLetterReplay;
    };
    const settled = async (wanted: (letter: Letter) => boolean) =>
      waitFor(async () => (await letters()).find(wanted), { what: "the outcome of the replay" });

    const [letter, ...others] = await waitFor(
      async () => {
        const found = await letters();
        return found.length > 0 && found;
      },
      { what: "the dead letter" },
    );
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      consumer: "billing.sagas",
      eventType: "user.saga.step_requested.v1",
      attempts: 3,
      status: "OPEN",
      lastError: expect.stringContaining("no accounts today"),
    });
    const refused = await owner.client.send(LETTERS, { id });
    expect(refused.errors?.map(({ extensions }) => extensions?.["code"])).toEqual(["FORBIDDEN"]);

    await replay();
    await settled(({ attempts, status }) => attempts === 6 && status === "OPEN");
    await inDatabase("billing", (client) => client.query("DROP TRIGGER poison ON billing_account"));
    await replay();
    await settled(({ status }) => status === "REPLAYED");
    expect((await replay()).userErrors).toEqual([{ code: "STATE_INVALID" }]);
    await replay(true);
    await settled(({ status }) => status === "REPLAYED");

    const accounts = await inDatabase("billing", (client) =>
      client.query("SELECT id FROM billing_account WHERE organization_id = $1", [id]),
    );
    expect(accounts.rows).toHaveLength(1);
    const actions = await waitFor(
      async () => {
        const { organization: found } = await owner.client.request<{
          organization: { auditLog: { edges: { node: { action: string } }[] } };
        }>("query($id: ID!) { organization(id: $id) { auditLog(first: 50) { edges { node { action } } } } }", { id });
        const names = found.auditLog.edges.map(({ node }) => node.action);
        return names.includes("billing.account.opened") && names;
      },
      { what: "the audit entry of the account" },
    );
    expect(actions.filter((action) => action === "billing.account.opened")).toHaveLength(1);
    expect(actions.filter((action) => action === "audit.dead_letter.replay_requested")).toHaveLength(3);
    expect(await metric("tributary_dead_letters_total")).toBe(1);
  });

  test("an event that was lost between its commit and the log is found, and nothing else is reported [S55]", async () => {
    const owner = await newMember(stack);
    const { organizationId } = await newOrganization(owner);
    await waitFor(async () => (await metric("tributary_audit_missing_events")) === 0, { what: "a first look" });
    await inDatabase("user", (client) =>
      client.query(`
        CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER lose BEFORE INSERT ON outbox FOR EACH ROW
          WHEN (NEW.envelope LIKE '%Lost and gone%') EXECUTE FUNCTION lose()`),
    );
    await owner.client.mutate(
      "organizationUpdate",
      { id: organizationId, expectedVersion: NEW_ORGANIZATION_VERSION, name: "Lost and gone" },
      "organization { id }",
    );
    const missing = async () => {
      const { rows } = await inDatabase("audit", (client) =>
        client.query("SELECT tenant_id, source, missing::int FROM recorded_stream WHERE missing > 0"),
      );
      return rows.length > 0 && rows;
    };
    expect(await waitFor(missing, { what: "the loss to be found", deadlineMs: 60_000 })).toEqual([
      { tenant_id: organizationId, source: "/tributary/user", missing: 1 },
    ]);
  });
});
