/**
 * A filter of the audit log, as it is asked of the database. Values that nothing can be called match nothing, like
 * names of what does not exist; so the database meets no text that it would have to refuse.
 */
import { AppError } from "../../../platform/errors/app-error.ts";
import { idPrefix } from "../../../platform/ids.ts";
import type { AuditFilter, AuditOutcome } from "../../../schema/generated/audit.ts";

/** All given conditions must hold; a list holds for any of its values, and an empty one for none. */
export interface EntryFilter {
  readonly actorIds?: readonly string[];
  readonly actions?: readonly string[];
  readonly targetIds?: readonly string[];
  readonly outcomes?: readonly AuditOutcome[];
  readonly from?: Date;
  readonly to?: Date;
  readonly correlationIds?: readonly string[];
}

const MAX_VALUES = 100;

const isName = (text: string) => /^[\x21-\x7e]{1,200}$/.test(text);
const isAction = (text: string) => /^[a-z][a-z_.]{0,199}$/.test(text);
const isId = (text: string) => idPrefix(text) !== undefined;

/** @throws AppError `BAD_USER_INPUT` for a list that is too long */
export function parseEntryFilter(filter: AuditFilter): EntryFilter {
  const { actorIds, actions, targetIds, outcomes, from, to, correlationId } = filter;
  for (const [name, value] of Object.entries(filter)) {
    if (Array.isArray(value) && value.length > MAX_VALUES) {
      throw new AppError("BAD_USER_INPUT", `\`${name}\` takes at most ${MAX_VALUES} values.`, {
        details: { field: ["filter", name] },
      });
    }
  }
  return {
    ...(actorIds == null ? {} : { actorIds: actorIds.filter(isName) }),
    ...(actions == null ? {} : { actions: actions.filter(isAction) }),
    ...(targetIds == null ? {} : { targetIds: targetIds.filter(isId) }),
    ...(outcomes == null ? {} : { outcomes }),
    ...(from == null ? {} : { from }),
    ...(to == null ? {} : { to }),
    ...(correlationId == null ? {} : { correlationIds: [correlationId].filter(isName) }),
  };
}
