// What leaves a store is the domain's, never Prisma's. The compiler judges: a row's ids are plain text, a domain's are
// not.
import { expectTypeOf, test } from "vitest";
import type { RowPage } from "../../../platform/database/keyset.ts";
import type { InvoiceModel } from "../../../prisma/billing/generated/models/Invoice.ts";
import type * as auditChains from "../../../subgraphs/audit/store/chains.ts";
import type * as auditEntries from "../../../subgraphs/audit/store/entries.ts";
import type * as accounts from "../../../subgraphs/billing/store/accounts.ts";
import type * as invoices from "../../../subgraphs/billing/store/invoices.ts";
import type * as paymentMethods from "../../../subgraphs/billing/store/payment-methods.ts";
import type * as payments from "../../../subgraphs/billing/store/payments.ts";
import type * as plans from "../../../subgraphs/billing/store/plans.ts";
import type * as subscriptions from "../../../subgraphs/billing/store/subscriptions.ts";
import type * as deliveries from "../../../subgraphs/user/store/email-deliveries.ts";
import type * as verifications from "../../../subgraphs/user/store/email-verifications.ts";
import type * as invitations from "../../../subgraphs/user/store/invitations.ts";
import type * as memberships from "../../../subgraphs/user/store/memberships.ts";
import type * as organizations from "../../../subgraphs/user/store/organizations.ts";
import type * as refreshTokens from "../../../subgraphs/user/store/refresh-tokens.ts";
import type * as roles from "../../../subgraphs/user/store/roles.ts";
import type * as sessions from "../../../subgraphs/user/store/sessions.ts";
import type * as users from "../../../subgraphs/user/store/users.ts";

/** What a function answers, out of promises, lists, pages and maps. */
type Answered<Value> =
  Value extends Promise<infer Inner>
    ? Answered<Inner>
    : Value extends RowPage<infer Row>
      ? Row
      : Value extends readonly (infer Item)[]
        ? Item
        : Value extends ReadonlyMap<unknown, infer Item>
          ? Answered<Item>
          : Value;

/** `true` for an object whose members can be assigned to, or whose id is plain text. */
type IsRow<Value> = Value extends { id: infer Own } ? (string extends Own ? true : false) : false;

/** The functions of a store that answer with a row of Prisma. */
type Leaks<Module> = {
  [Name in keyof Module]: Module[Name] extends (...args: never[]) => infer Result
    ? true extends IsRow<Answered<Result>>
      ? Name
      : never
    : never;
}[keyof Module];

test("no function of a store answers with a row of Prisma [S8]", () => {
  expectTypeOf<Leaks<typeof accounts>>().toBeNever();
  expectTypeOf<Leaks<typeof invoices>>().toBeNever();
  expectTypeOf<Leaks<typeof paymentMethods>>().toBeNever();
  expectTypeOf<Leaks<typeof payments>>().toBeNever();
  expectTypeOf<Leaks<typeof plans>>().toBeNever();
  expectTypeOf<Leaks<typeof subscriptions>>().toBeNever();
  expectTypeOf<Leaks<typeof deliveries>>().toBeNever();
  expectTypeOf<Leaks<typeof verifications>>().toBeNever();
  expectTypeOf<Leaks<typeof invitations>>().toBeNever();
  expectTypeOf<Leaks<typeof memberships>>().toBeNever();
  expectTypeOf<Leaks<typeof organizations>>().toBeNever();
  expectTypeOf<Leaks<typeof refreshTokens>>().toBeNever();
  expectTypeOf<Leaks<typeof roles>>().toBeNever();
  expectTypeOf<Leaks<typeof sessions>>().toBeNever();
  expectTypeOf<Leaks<typeof users>>().toBeNever();
  expectTypeOf<Leaks<typeof auditEntries>>().toBeNever();
  // As stored, for its verification: see walkChain.
  expectTypeOf<Leaks<typeof auditChains>>().toBeNever();
});

interface LeakingStore {
  one(): Promise<InvoiceModel | undefined>;
  many(): Promise<InvoiceModel[]>;
  page(): Promise<RowPage<InvoiceModel>>;
  byKey(): Promise<ReadonlyMap<string, readonly InvoiceModel[]>>;
  harmless(): Promise<number>;
}

test("a function that did would be found, whatever holds the row [S8]", () => {
  expectTypeOf<Leaks<LeakingStore>>().toEqualTypeOf<"one" | "many" | "page" | "byKey">();
});
