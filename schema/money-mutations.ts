import { buildASTSchema, isInputObjectType, isNonNullType, parse } from "graphql";
import type { SubgraphSource } from "./sources.ts";

/** Subgraphs whose every mutation moves money or bills. */
const moneySubgraphs = new Set(["billing"]);

/** One line per mutation that a client could not safely retry after a timeout. */
export const checkMoneyMutations = (sources: readonly SubgraphSource[]): string[] =>
  sources
    .filter(({ name }) => moneySubgraphs.has(name))
    .flatMap(({ sdl }) => {
      const schema = buildASTSchema(parse(sdl), { assumeValidSDL: true, assumeValid: true });
      return Object.values(schema.getMutationType()?.getFields() ?? {})
        .filter(({ args }) => {
          const type = args.find(({ name }) => name === "input")?.type;
          const input = isNonNullType(type) ? type.ofType : type;
          const key = isInputObjectType(input) ? input.getFields()["idempotencyKey"] : undefined;
          return String(key?.type) !== "String!";
        })
        .map(({ name }) => `Mutation.${name}: a mutation of money must have input.idempotencyKey: String!`);
    });
