import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Identity } from "../../../../platform/auth/identity.ts";
import type { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { type AuditFixture, createAuditFixture, userOf } from "./audit-fixture.ts";

let fixture: AuditFixture;
let subgraph: Subgraph;
let organization: OrganizationId;
let invoice: string;
let foreign: OrganizationId;
let foreignInvoice: string;
/** Five events of the organisation: entry 1 renames, 2 and 3 are about the invoice, 4 about another, 5 renames. */
let events: readonly EventEnvelope[];
let reader: Identity;

const hour = (n: number) => `2030-01-01T0${n}:00:00.000Z`;

beforeAll(async () => {
  fixture = await createAuditFixture();
  subgraph = await fixture.startSubgraph();
  const { ids } = fixture;
  organization = fixture.newOrganization();
  foreign = fixture.newOrganization();
  [invoice, foreignInvoice] = [ids.next("inv"), ids.next("inv")];
  const failed = {
    paymentId: ids.next("pay"),
    invoiceId: invoice,
    fromStatus: "PROCESSING",
    toStatus: "FAILED",
    amount: { amountMinor: "1900", currency: "EUR", exponent: 2 },
    failureCode: "DECLINED",
  };
  events = [
    fixture.renamed(organization, { time: hour(1), actorId: "usr_ada", correlationId: "request-1" }),
    fixture.event({
      type: "billing.payment.failed.v1",
      subject: failed.paymentId,
      data: failed,
      key: organization,
      time: hour(2),
      actorId: "usr_bob",
      correlationId: "request-2",
    }),
    fixture.paid(organization, invoice, { time: hour(3), actorId: "usr_bob", correlationId: "request-2" }),
    fixture.paid(organization, ids.next("inv"), { time: hour(4) }),
    fixture.renamed(organization, { time: hour(5), actorId: "usr_ada" }),
  ];
  for (const [index, event] of events.entries()) {
    await fixture.deliver(event);
    await fixture.recorded(organization, index + 1);
  }
  await fixture.deliver(fixture.paid(foreign, foreignInvoice));
  await fixture.recorded(foreign, 1);
  reader = userOf({ [organization]: ["audit.read"] });
});

afterAll(() => fixture.stop());

const page = z.object({
  edges: z.array(z.object({ cursor: z.string(), node: z.object({ sequence: z.string() }) })),
  pageInfo: z.object({ hasNextPage: z.boolean(), hasPreviousPage: z.boolean(), endCursor: z.string().nullable() }),
  totalCount: z.number(),
});
const organizationAnswer = z.object({ _entities: z.tuple([z.object({ auditLog: page })]) });
const PAGE = "edges { cursor node { sequence } } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount";
const AUDIT_LOG = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $filter: AuditFilter) {
  _entities(representations: [{ __typename: "Organization", id: $id }]) {
    ... on Organization { auditLog(first: $first, after: $after, last: $last, before: $before, filter: $filter) { ${PAGE} } }
  }
}`;

const ask = (identity: Identity, query: string, variables: Readonly<Record<string, unknown>> = {}) =>
  fixture.ask(subgraph, identity, query, variables);

async function auditLog(variables: Readonly<Record<string, unknown>>, identity: Identity = reader) {
  const { data, errors } = await ask(identity, AUDIT_LOG, { id: organization, ...variables });
  expect(errors).toBeUndefined();
  const [{ auditLog }] = organizationAnswer.parse(data)._entities;
  return { ...auditLog, sequences: auditLog.edges.map(({ node }) => Number(node.sequence)) };
}

/** Errors without what differs between two equal requests. */
async function errorsOf(identity: Identity, query: string, variables: Readonly<Record<string, unknown>>) {
  const { data, errors } = await ask(identity, query, variables);
  return {
    data,
    errors: errors?.map(({ message, path, extensions }) => ({ message, path, code: extensions?.["code"] })),
  };
}

describe("auditLog", () => {
  test("shows pages, newest first, until there are no more", async () => {
    const first = await auditLog({ first: 2 });
    expect(first).toMatchObject({ sequences: [5, 4], totalCount: 5, pageInfo: { hasNextPage: true } });
    const second = await auditLog({ first: 2, after: first.pageInfo.endCursor });
    expect(second).toMatchObject({ sequences: [3, 2], pageInfo: { hasNextPage: true, hasPreviousPage: true } });
    const third = await auditLog({ first: 2, after: second.pageInfo.endCursor });
    expect(third).toMatchObject({ sequences: [1], totalCount: 5, pageInfo: { hasNextPage: false } });
    expect(await auditLog({ last: 2, before: third.edges[0]?.cursor })).toMatchObject({ sequences: [3, 2] });
    expect(await auditLog({ last: 2 })).toMatchObject({ sequences: [2, 1], pageInfo: { hasPreviousPage: true } });
  });

  test("an entry that arrives between two pages moves none", async () => {
    const own = fixture.newOrganization();
    const owner = userOf({ [own]: ["audit.read"] });
    await fixture.deliver(fixture.renamed(own), fixture.renamed(own), fixture.renamed(own));
    await fixture.recorded(own, 3);
    const first = await auditLog({ id: own, first: 2 }, owner);
    await fixture.deliver(fixture.renamed(own));
    await fixture.recorded(own, 4);
    const second = await auditLog({ id: own, first: 2, after: first.pageInfo.endCursor }, owner);
    expect([...first.sequences, ...second.sequences]).toEqual([3, 2, 1]);
  });

  test.each<[string, () => Record<string, unknown>, number[]]>([
    ["actors", () => ({ actorIds: ["usr_ada", "usr_nobody"] }), [5, 1]],
    ["actions", () => ({ actions: ["billing.invoice.paid"] }), [4, 3]],
    ["targets", () => ({ targetIds: [invoice] }), [3, 2]],
    ["outcomes", () => ({ outcomes: ["FAILURE"] }), [2]],
    ["an inclusive start", () => ({ from: hour(3) }), [5, 4, 3]],
    ["an exclusive end", () => ({ to: hour(3) }), [2, 1]],
    ["a span", () => ({ from: hour(2), to: hour(4) }), [3, 2]],
    ["a correlation id", () => ({ correlationId: "request-2" }), [3, 2]],
    ["all conditions together", () => ({ actorIds: ["usr_bob"], targetIds: [invoice], outcomes: ["SUCCESS"] }), [3]],
    ["an empty list, which nothing matches", () => ({ actions: [] }), []],
  ])("is filtered by %s", async (_what, filter, sequences) => {
    expect(await auditLog({ first: 10, filter: filter() })).toMatchObject({ sequences, totalCount: sequences.length });
  });

  test("pages of a filtered list continue in that list", async () => {
    const filter = { actions: ["billing.invoice.paid"] };
    const first = await auditLog({ first: 1, filter });
    expect(first).toMatchObject({ sequences: [4], pageInfo: { hasNextPage: true } });
    expect(await auditLog({ first: 1, filter, after: first.pageInfo.endCursor })).toMatchObject({
      sequences: [3],
      pageInfo: { hasNextPage: false },
    });
  });

  test.each<[string, () => Record<string, unknown>]>([
    ["no page size", () => ({})],
    ["a page above 100", () => ({ first: 101 })],
    ["both directions", () => ({ first: 1, last: 1 })],
    ["an invented cursor", () => ({ first: 1, after: "AAAAAAAAAAAAAAAAAAAA" })],
    ["a filter with more than 100 values", () => ({ first: 1, filter: { actorIds: Array(101).fill("usr_x") } })],
  ])("refuses %s", async (_what, variables) => {
    const { errors } = await errorsOf(reader, AUDIT_LOG, { id: organization, ...variables() });
    expect(errors?.map(({ code }) => code)).toEqual(["BAD_USER_INPUT"]);
  });

  test("refuses the cursor of another organisation's list", async () => {
    const own = fixture.newOrganization();
    const { edges } = await auditLog({ first: 1 });
    const both = userOf({ [organization]: ["audit.read"], [own]: ["audit.read"] });
    const { errors } = await errorsOf(both, AUDIT_LOG, { id: own, first: 1, after: edges[0]?.cursor });
    expect(errors?.map(({ code }) => code)).toEqual(["BAD_USER_INPUT"]);
  });

  test("is FORBIDDEN to a member without audit.read [MT-03]", async () => {
    const member = userOf({ [organization]: ["billing.read"] });
    const answer = await errorsOf(member, AUDIT_LOG, { id: organization, first: 1 });
    expect(answer.errors?.map(({ code }) => code)).toEqual(["FORBIDDEN"]);
    expect(answer.data).toEqual({ _entities: [{ auditLog: null }] });
  });

  test("tells its readers who was refused it [S5]", async () => {
    const own = fixture.newOrganization();
    const member = userOf({ [own]: ["billing.read"] });
    await errorsOf(member, AUDIT_LOG, { id: own, first: 1 });
    const chain = await fixture.chain(own);
    expect(chain.map(({ action, outcome }) => [action, outcome])).toEqual([["audit.access.denied", "DENIED"]]);
  });

  test.each<[string, () => Identity]>([
    ["a stranger", () => reader],
    ["nobody", () => ({ kind: "ANONYMOUS" })],
    ["a service", () => ({ kind: "SERVICE", service: "gateway" })],
  ])("of a foreign organisation answers %s like one that does not exist [MT-03]", async (_who, identity) => {
    const answer = await errorsOf(identity(), AUDIT_LOG, { id: foreign, first: 1 });
    expect(answer.errors?.map(({ code }) => code)).toEqual(["NOT_FOUND"]);
    expect(await errorsOf(identity(), AUDIT_LOG, { id: fixture.newOrganization(), first: 1 })).toEqual(answer);
  });
});

describe("auditEntry", () => {
  const ENTRY = `query ($id: ID!) { auditEntry(id: $id) {
    id sequence action category outcome actor { kind id user { id } } targets { type id node { __typename id } }
    organization { id } metadata occurredAt traceId correlationId eventId hash previousHash } }`;

  test("shows every fact of the event", async () => {
    const [first, second, entry] = await fixture.chain(organization);
    const { data, errors } = await ask(reader, ENTRY, { id: entry?.id });
    expect(errors).toBeUndefined();
    const event = events[2];
    expect(data).toEqual({
      auditEntry: {
        id: entry?.id,
        sequence: "3",
        action: "billing.invoice.paid",
        category: "billing",
        outcome: "SUCCESS",
        actor: { kind: "USER", id: "usr_bob", user: { id: "usr_bob" } },
        targets: [
          { type: "Invoice", id: invoice, node: { __typename: "Invoice", id: invoice } },
          ...["accountId", "paymentId"].map((key) => {
            const type = key === "accountId" ? "BillingAccount" : "Payment";
            return { type, id: event?.data[key], node: { __typename: type, id: event?.data[key] } };
          }),
        ],
        organization: { id: organization },
        metadata: event?.data,
        occurredAt: expect.anything(),
        traceId: "a".repeat(32),
        correlationId: "request-2",
        eventId: event?.id,
        hash: entry?.hash,
        previousHash: second?.hash,
      },
    });
    expect(first?.previousHash).toBeNull();
  });

  test("of a foreign organisation answers like one that does not exist [MT-03]", async () => {
    const [entry] = await fixture.chain(foreign);
    const answer = await errorsOf(reader, ENTRY, { id: entry?.id });
    expect(answer).toMatchObject({ data: { auditEntry: null }, errors: [{ code: "NOT_FOUND" }] });
    expect(await errorsOf(reader, ENTRY, { id: fixture.ids.next("aud") })).toEqual(answer);
  });

  test("is hidden from a member without audit.read, and null by reference [MT-03]", async () => {
    const [entry] = await fixture.chain(organization);
    const member = userOf({ [organization]: [] });
    expect(await errorsOf(member, ENTRY, { id: entry?.id })).toMatchObject({ errors: [{ code: "NOT_FOUND" }] });
    const byKey = `query ($id: ID!) { _entities(representations: [{ __typename: "AuditEntry", id: $id }]) { ... on AuditEntry { id } } }`;
    expect(await ask(member, byKey, { id: entry?.id })).toEqual({ data: { _entities: [null] } });
    expect(await ask(reader, byKey, { id: entry?.id })).toEqual({ data: { _entities: [{ id: entry?.id }] } });
  });

  test("of a user without an organisation is read by that user alone", async () => {
    const userId = fixture.ids.next("usr");
    const registered = { type: "user.registered.v1", subject: userId, key: userId, data: { userId } };
    await fixture.deliver(fixture.event(registered));
    const [entry] = await fixture.recorded(userId, 1);
    expect(
      await ask(userOf({}, userId), "query ($id: ID!) { auditEntry(id: $id) { organization { id } } }", {
        id: entry?.id,
      }),
    ).toEqual({ data: { auditEntry: { organization: null } } });
    expect(await errorsOf(reader, ENTRY, { id: entry?.id })).toMatchObject({ errors: [{ code: "NOT_FOUND" }] });
  });
});

describe("Invoice.auditTrail", () => {
  const TRAIL = `query ($id: ID!) { _entities(representations: [{ __typename: "Invoice", id: $id }]) {
    ... on Invoice { auditTrail(first: 10) { edges { node { sequence action } } totalCount } } } }`;

  test("shows what happened to the invoice, newest first", async () => {
    expect(await ask(reader, TRAIL, { id: invoice })).toEqual({
      data: {
        _entities: [
          {
            auditTrail: {
              edges: [
                { node: { sequence: "3", action: "billing.invoice.paid" } },
                { node: { sequence: "2", action: "billing.payment.failed" } },
              ],
              totalCount: 2,
            },
          },
        ],
      },
    });
  });

  test("is null without audit.read, and empty alike for a foreign invoice and for one that does not exist [MT-03]", async () => {
    const trailOf = async (id: string) => shown.parse(await ask(reader, TRAIL, { id })).data._entities[0]?.auditTrail;
    expect(await ask(userOf({ [organization]: [] }), TRAIL, { id: invoice })).toEqual({
      data: { _entities: [{ auditTrail: null }] },
    });
    const foreign = await trailOf(foreignInvoice);
    expect(foreign?.edges).toEqual([]);
    expect(foreign).toEqual(await trailOf(fixture.ids.next("inv")));
  });
});

const shown = z.object({
  data: z.object({ _entities: z.array(z.object({ auditTrail: z.looseObject({ edges: z.array(z.unknown()) }) })) }),
});

test("a request without the gateway's signature is refused", async () => {
  const answer = await subgraph.endpoint.handle({}, { query: '{ auditEntry(id: "aud_1") { id } }' });
  expect(answer.status).toBe(401);
});
