// Runs of jobs as the audit subgraph keeps them: from the events of any subgraph, shown to operators alone, told live
// to their organisation, and recorded in the platform's own chain.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { PLATFORM } from "../../../../platform/auth/principal-ids.ts";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import type { JobRunId } from "../../../../platform/jobs/job.ts";
import { verifyChain } from "../../../../subgraphs/audit/domain/entry-hash.ts";
import { waitFor } from "../../../support/wait.ts";
import { type AuditFixture, createAuditFixture, OPERATORS, recordsOf, userOf } from "./audit-fixture.ts";

const FIELDS = `id job service status chunksTotal chunksDone chunksFailed itemsTotal itemsDone itemsFailed summary
  startedAt finishedAt notifiedAt`;

let fixture: AuditFixture;
let subgraph: Subgraph;

const operator = userOf({ [OPERATORS]: ["organization.manage"] });

beforeAll(async () => {
  fixture = await createAuditFixture();
  subgraph = await fixture.startSubgraph();
});
afterAll(() => fixture?.stop());

type Kind = "started" | "progressed" | "finished";

function told(kind: Kind, runId: JobRunId, version: number, change: Readonly<Record<string, unknown>>): EventEnvelope {
  const data = {
    ...{ runId, job: "subscription-periods", status: "RUNNING" },
    ...{ chunksTotal: 4, chunksDone: 0, chunksFailed: 0, itemsTotal: 180, itemsDone: 0, itemsFailed: 0 },
    startedAt: "2026-12-01T00:00:01.000Z",
    ...change,
  };
  const event = fixture.event({ type: `billing.job.${kind}.v1`, subject: runId, data, key: PLATFORM });
  return { ...event, aggregateversion: version };
}

/** As GraphQL answers. */
async function ask(query: string, variables: Readonly<Record<string, unknown>>, identity: Identity = operator) {
  const body = await fixture.ask(subgraph, identity, query, variables);
  return JSON.parse(JSON.stringify(body));
}

const runOf = async (id: string, identity?: Identity) => {
  const query = `query($r: [_Any!]!) { _entities(representations: $r) { ... on JobRun { ${FIELDS} } } }`;
  return (await ask(query, { r: [{ __typename: "JobRun", id }] }, identity)).data._entities[0];
};

const seen = (id: string, is: (run: Record<string, unknown>) => boolean) =>
  waitFor(
    async () => {
      const run = await runOf(id);
      return run !== null && is(run) && run;
    },
    { what: "the run" },
  );

test("a run is followed from its start to its end, and what comes again or late changes nothing [S110]", async () => {
  const id = fixture.ids.next("job");
  const progressed = told("progressed", id, 3, { chunksDone: 2, itemsDone: 100 });
  await fixture.deliver(told("started", id, 1, {}), progressed);
  expect(await seen(id, ({ chunksDone }) => chunksDone === 2)).toEqual({
    ...{ id, job: "subscription-periods", service: "billing", status: "RUNNING" },
    ...{ chunksTotal: 4, chunksDone: 2, chunksFailed: 0, itemsTotal: 180, itemsDone: 100, itemsFailed: 0 },
    ...{ summary: null, startedAt: "2026-12-01T00:00:01.000Z", finishedAt: null, notifiedAt: null },
  });
  const failures = [{ item: "sub_1", reason: "It has no price." }];
  const end = {
    ...{ status: "FAILED", chunksDone: 3, chunksFailed: 1, itemsDone: 179, itemsFailed: 1 },
    ...{ finishedAt: "2026-12-01T00:00:09.000Z", durationMs: 8_000, failures },
  };
  await fixture.deliver(told("finished", id, 5, end), progressed, told("progressed", id, 4, { chunksDone: 3 }));
  const finished = await seen(id, ({ status }) => status === "FAILED");
  expect(finished).toMatchObject({
    ...{ chunksDone: 3, chunksFailed: 1, itemsDone: 179, itemsFailed: 1, finishedAt: "2026-12-01T00:00:09.000Z" },
    summary: { durationMs: 8_000, failures },
    notifiedAt: expect.any(String),
  });
  const other = fixture.ids.next("job");
  await fixture.deliver(told("started", other, 1, {}));
  await seen(other, () => true);
  expect(await runOf(id)).toEqual(finished);
  // Each change is told to the operators once, and says no more than which run it is.
  const changes = (await recordsOf(fixture.log, "audit.events", OPERATORS)).map(({ value }) => JSON.parse(value));
  const ofRun = changes.filter(({ data }) => data.runId === id);
  expect(ofRun.map(({ type, data }) => [type, data])).toEqual(
    Array.from({ length: 3 }, () => ["audit.job.changed.v1", { runId: id }]),
  );
});

test("its events stand in the platform's own chain, which no organisation reads [S110]", async () => {
  const id = fixture.ids.next("job");
  await fixture.deliver(told("started", id, 1, {}));
  const entries = await waitFor(
    async () => {
      const chain = await fixture.chain(PLATFORM);
      return chain.some(({ metadata }) => JSON.stringify(metadata).includes(id)) && chain;
    },
    { what: "the entry" },
  );
  expect(entries.at(-1)?.action).toBe("billing.job.started");
  expect(await verifyChain(entries)).toMatchObject({ ok: true });
});

test("runs are listed newest first and in pages, to operators alone [S110]", async () => {
  const ids = [fixture.ids.next("job"), fixture.ids.next("job"), fixture.ids.next("job")];
  for (const id of ids) await fixture.deliver(told("started", id, 1, {}));
  await seen(ids[2] ?? "", () => true);
  const query = `query($first: Int, $after: String) { jobRuns(first: $first, after: $after) {
    edges { cursor node { id } } pageInfo { hasNextPage } totalCount } }`;
  const first = (await ask(query, { first: 2 })).data.jobRuns;
  expect(first.edges.map(({ node }: { node: { id: string } }) => node.id)).toEqual([ids[2], ids[1]]);
  expect([first.pageInfo.hasNextPage, first.totalCount >= 3]).toEqual([true, true]);
  const second = (await ask(query, { first: 1, after: first.edges[1].cursor })).data.jobRuns;
  expect(second.edges[0].node.id).toBe(ids[0]);
  const others = [
    userOf({ [OPERATORS]: ["audit.read", "organization.read"] }),
    userOf({ [fixture.newOrganization()]: ["organization.manage", "audit.read"] }),
    { kind: "ANONYMOUS" } as const,
  ];
  for (const identity of others) {
    const refused = await ask(query, { first: 2 }, identity);
    expect([refused.data.jobRuns, refused.errors[0].extensions.code]).toEqual([null, "FORBIDDEN"]);
    expect(await runOf(ids[0] ?? "", identity)).toBeNull();
  }
});
