import { grantsOf, principalId } from "../../../platform/auth/identity.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { listConnection } from "../../../platform/graphql/list-connection.ts";
import { loadById, required } from "../../../platform/graphql/load-by-id.ts";
import { SagaId } from "../../../platform/saga/saga.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { OrganizationId } from "../domain/ids.ts";
import type { Organization } from "../domain/organization.ts";
import { beginsWithAll, wordsOf } from "../domain/search-words.ts";
import { parseSlug } from "../domain/slug.ts";
import { findOrganizationBySlug } from "../store/organizations.ts";
import { optionalWords } from "../validation/typed-search.ts";
import { loadNode } from "./node.ts";

const MAX_NODES = 100;

export const query: ResolversOf<"Query", UserContext, UserParents> = {
  viewer: (_parent, _args, { identity }) => (identity.kind === "USER" ? identity : null),
  node: (_parent, { id }, context) => loadNode(id, context),
  nodes: (_parent, { ids }, context) => {
    if (ids.length > MAX_NODES) {
      throw new AppError("BAD_USER_INPUT", `Ask for at most ${MAX_NODES} nodes at once.`, {
        details: { field: ["ids"] },
      });
    }
    return Promise.all(ids.map((id) => loadNode(id, context)));
  },
  async organizations(_parent, { query: typed, ...page }, { actor, loaders, services: { cursors } }, info) {
    const { identity } = actor();
    const words = optionalWords(typed);
    const ids = [...grantsOf(identity).keys()];
    const organizations = await Promise.all(ids.map((id) => loaders.organization.load(id)));
    const rows = organizations.filter((row) => row !== null).filter((row) => isFoundBy(row, words));
    const name = `organizations:${principalId(identity)}:${JSON.stringify(words)}`;
    return listConnection(cursors, { name, rows, keyOf: ({ id }) => id }, page, info);
  },
  saga: async (_parent, { id }, { loaders }) => required(await loadById(SagaId, id, loaders.saga), "saga"),
  organization: async (_parent, { id, slug }, { loaders, read }) => {
    if ((id == null) === (slug == null)) {
      throw new AppError("BAD_USER_INPUT", "Name the organisation by `id` or by `slug`: exactly one of them.");
    }
    const named = slug == null ? undefined : parseSlug(slug);
    const bySlug = named === undefined ? undefined : await read((tx) => findOrganizationBySlug(tx, named));
    const found = id ?? bySlug?.id;
    const organization = found === undefined ? null : await loadById(OrganizationId, found, loaders.organization);
    if (organization === null) throw new AppError("NOT_FOUND", "There is no such organisation.");
    return organization;
  },
};

function isFoundBy({ name, slug }: Organization, typed: readonly string[]): boolean {
  return beginsWithAll([...wordsOf(name), ...wordsOf(slug), slug], typed);
}
