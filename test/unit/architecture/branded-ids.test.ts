// Ids of two kinds do not mix. The compiler judges: `npm run check` fails when a line that expects an error has none.
import { expect, expectTypeOf, test } from "vitest";
import type { Identity } from "../../../platform/auth/identity.ts";
import { holds } from "../../../platform/auth/identity.ts";
import { OrganizationId, requireTenantId, type TenantId, UserId } from "../../../platform/auth/principal-ids.ts";
import { systemClock } from "../../../platform/clock.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { DomainEvent } from "../../../platform/events/envelope.ts";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import { createIdSource, type Id, idKind } from "../../../platform/ids.ts";
import { AccountId, InvoiceId, PaymentId } from "../../../subgraphs/billing/domain/ids.ts";
import type { Loaders } from "../../../subgraphs/billing/loaders.ts";
import type { findInvoices, lockInvoice } from "../../../subgraphs/billing/store/invoices.ts";
import { mintToken, VERIFICATION_TOKEN } from "../../../subgraphs/user/credentials/opaque-token.ts";
import { namedId } from "../../support/identities.ts";

const ids = createIdSource(systemClock);
const userId = ids.next("usr");
const organizationId = ids.next("org");
const nobody: Identity = { kind: "ANONYMOUS" };

test("an id of one kind is no id of another, and plain text is none [S23]", () => {
  expectTypeOf(userId).toEqualTypeOf<UserId>();
  expectTypeOf<UserId>().not.toExtend<OrganizationId>();
  expectTypeOf<string>().not.toExtend<UserId>();
  expectTypeOf<UserId>().toExtend<string>();
  expectTypeOf<InvoiceId>().not.toExtend<PaymentId>();
  expectTypeOf<InvoiceId>().not.toExtend<TenantId>();
  expectTypeOf<Id<"inv">>().toEqualTypeOf<InvoiceId>();
});

test("policies, stores, loaders, tenants, events and tokens take their own kind only [S23]", () => {
  expect(holds(nobody, organizationId, "billing.read")).toBe(false);
  // @ts-expect-error a user is no organisation
  holds(nobody, userId, "billing.read");
  // @ts-expect-error neither is text
  holds(nobody, "org_1", "billing.read");

  expectTypeOf<Parameters<typeof lockInvoice>[1]>().toEqualTypeOf<InvoiceId>();
  // @ts-expect-error invoices are not found by ids of payments
  expectTypeOf<readonly PaymentId[]>().toExtend<Parameters<typeof findInvoices>[1]>();
  expectTypeOf<Parameters<Loaders["invoice"]["load"]>[0]>().toEqualTypeOf<InvoiceId>();
  expectTypeOf<Parameters<Loaders["account"]["load"]>[0]>().toEqualTypeOf<AccountId>();

  const host = { $transaction: () => Promise.reject(new Error("not asked")) };
  // @ts-expect-error an invoice owns no rows
  inTenants(host, [ids.next("inv")], async () => 0).catch(() => undefined);

  const event = { type: "test.thing.happened.v1", subject: "thing", aggregateVersion: 1, data: {} };
  const ofUser: DomainEvent = { ...event, key: userId };
  // @ts-expect-error the organisation of an event is no user
  const mixed: DomainEvent = { ...ofUser, organizationId: userId };
  expect(mixed.key).toBe(userId);

  expect(mintToken(VERIFICATION_TOKEN, userId).token).toMatch(/^trv_/);
  // @ts-expect-error a verification belongs to a user
  mintToken(VERIFICATION_TOKEN, organizationId);
});

test("what a client names is loaded by the loader of its kind only [S23]", async () => {
  const payment: Pick<Loaders["payment"], "load"> = { load: async () => null };
  expect(await loadById(PaymentId, ids.next("pay"), payment)).toBeNull();
  // @ts-expect-error payments are not loaded by ids of invoices
  expect(await loadById(InvoiceId, ids.next("inv"), payment)).toBeNull();
});

test("text becomes an id where it comes in, and only when it is one of that kind [S23]", () => {
  for (const text of [
    "",
    "usr_1",
    userId.toUpperCase(),
    ` ${userId}`,
    `${userId}\n`,
    userId.replace("usr_", "org_"),
    `usr_${crypto.randomUUID()}`,
    "usr_\u0000",
  ]) {
    expect(UserId.from(text), JSON.stringify(text)).toBeUndefined();
    expect(() => UserId.require(text)).toThrow(TypeError);
    expect(UserId.schema.safeParse(text).success).toBe(false);
  }
  for (const kind of [UserId, OrganizationId, AccountId, InvoiceId, PaymentId]) {
    const id = namedId(kind.prefix, "one");
    expect([kind.from(id), kind.require(id), kind.schema.parse(id)]).toEqual([id, id, id]);
  }
  expect(UserId.schema.safeParse(7).success).toBe(false);
  expect([requireTenantId(userId), requireTenantId(organizationId)]).toEqual([userId, organizationId]);
  expect(() => requireTenantId(ids.next("inv"))).toThrow(TypeError);
  expect(() => idKind("inv").require(userId)).toThrow(/begins with inv_/);
});
