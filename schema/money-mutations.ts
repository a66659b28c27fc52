import { buildASTSchema, isInputObjectType, isNonNullType, parse } from "graphql";
import type { SubgraphSource } from "./sources.ts";

/** A subgraph that knows this type deals with money: its mutations move it, or bill. */
const MONEY = "Money";

/** One line per mutation that a client could not safely retry after a timeout. */
export const checkMoneyMutations = (sources: readonly SubgraphSource[]): string[] =>
  sources
    .map(({ sdl }) => buildASTSchema(parse(sdl), { assumeValidSDL: true, assumeValid: true }))
    .filter((schema) => schema.getType(MONEY) !== undefined)
    .flatMap((schema) =>
      Object.values(schema.getMutationType()?.getFields() ?? {})
        .filter(({ args }) => {
          const type = args.find(({ name }) => name === "input")?.type;
          const input = isNonNullType(type) ? type.ofType : type;
          const key = isInputObjectType(input) ? input.getFields()["idempotencyKey"] : undefined;
          return String(key?.type) !== "String!";
        })
        .map(({ name }) => `Mutation.${name}: a mutation of money must have input.idempotencyKey: String!`),
    );
