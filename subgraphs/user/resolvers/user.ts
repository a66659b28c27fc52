import { AppError } from "../../../platform/errors/app-error.ts";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import { readConnection } from "../../../platform/graphql/read-connection.ts";
import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { UserId } from "../domain/ids.ts";
import { replayed } from "../domain/profile.ts";
import { isSelf } from "../policies.ts";
import { findProfileEvents, pageProfileEvents } from "../store/profile-events.ts";

export const user: ResolversOf<"User", UserContext, UserParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(UserId, id, loaders.user),

  async asOf({ id }, { at }, { identity, read }) {
    if (!isSelf(identity, id)) throw notTheirs();
    const version = replayed(await read((tx) => findProfileEvents(tx, id, at)));
    if (version === undefined) return null;
    const { email, displayName, status, locale, timeZone } = version.state;
    return { version: version.version, at: version.at, email, displayName, status, locale, timeZone };
  },

  profileEvents({ id }, args, context, info) {
    if (!isSelf(context.identity, id)) throw notTheirs();
    const list = {
      name: `profileEvents:${id}`,
      keyOf: ({ sequence }: { readonly sequence: number }) => String(sequence),
    };
    return readConnection(context, { ...list, page: (tx, page) => pageProfileEvents(tx, id, page) }, args, info);
  },
};

/** Colleagues see who somebody is, and not what they were. */
const notTheirs = () => new AppError("FORBIDDEN", "An account's history is for its owner alone.");
