import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { expect, test } from "vitest";
import type { Resolvers, ResolversOf } from "../../../schema/generated/billing.ts";

interface Context {
  readonly now: Date;
}
interface InvoiceRow {
  readonly id: string;
  readonly accountId: string;
}
interface Own {
  readonly Invoice: InvoiceRow;
  readonly BillingAccount: { readonly id: string };
  readonly Organization: { readonly id: string };
}

// The compiler is the assertion: each `@ts-expect-error` fails the type check when the line below it compiles.
test("resolver types tell a missing resolver, a wrong argument and a wrong answer", () => {
  const paid: ResolversOf<"InvoicePayPayload", Context, Own> = {};
  const connection: ResolversOf<"InvoiceConnection", Context, Own> = {};
  const money: ResolversOf<"Money", Context, Own> = { exponent: (parent) => parent.exponent };

  // @ts-expect-error the row holds neither the lines nor any of the other fields
  const invoice: ResolversOf<"Invoice", Context, Own> = { id: (row) => row.id };

  const query: Pick<ResolversOf<"Query", Context, Own>, "invoice"> = {
    invoice: (_, { id }, context) => ({ id, accountId: context.now.toISOString() }),
  };
  const wrongArgument: Pick<ResolversOf<"Query", Context, Own>, "invoice"> = {
    // @ts-expect-error `invoice` has no argument `number`
    invoice: (_, { number }) => number,
  };
  const wrongAnswer: Pick<ResolversOf<"Query", Context, Own>, "invoice"> = {
    // @ts-expect-error an invoice's parent holds its account's id
    invoice: (_, { id }) => ({ id }),
  };
  const account: Pick<ResolversOf<"Organization", Context, Own>, "billingAccount"> = {
    billingAccount: async ({ id }) => ({ id }),
  };
  // @ts-expect-error a field that the parent does not hold
  const noAccount: ResolversOf<"Organization", Context, Own> = {};
  // @ts-expect-error a reference is not yet a row
  const noReference: Pick<ResolversOf<"Invoice", Context, Own>, "__resolveReference"> = {};

  const faults = [paid, connection, money, invoice, query, wrongArgument, wrongAnswer, account, noAccount, noReference];
  expect(faults).toHaveLength(10);
});

test("a resolver map is what a subgraph schema is built from", () => {
  const build = (resolvers: Resolvers<Context, Own>) =>
    buildSubgraphSchema([{ typeDefs: parse("type Query { a: Int }"), resolvers }]);
  expect(build).toBeTypeOf("function");
});
