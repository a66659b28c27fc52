import { storedEnum } from "../../../platform/database/stored-enum.ts";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import { SagaId } from "../../../platform/saga/saga.ts";
import { type ResolversOf, SagaKind } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";

export const saga: ResolversOf<"Saga", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(SagaId, id, loaders.saga),
  kind: ({ kind }) => storedEnum(SagaKind, kind),
};
