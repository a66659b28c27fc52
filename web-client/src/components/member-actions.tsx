import { useState } from "react";
import type { MemberFieldsFragment, RoleFieldsFragment } from "../../../schema/generated/operations.ts";
import { roleTitle } from "../format/role.ts";

interface MemberActionsProps {
  readonly member: MemberFieldsFragment;
  readonly roles: readonly RoleFieldsFragment[];
  readonly onRole: (roleId: string) => Promise<void>;
  readonly onRemove: () => Promise<void>;
}

/** Role and removal of one member. Removal asks once more, in place. */
export function MemberActions({ member, roles, onRole, onRemove }: MemberActionsProps) {
  const [asking, setAsking] = useState(false);
  const name = member.user.displayName;
  if (asking) {
    return (
      <span className="actions">
        Remove {name}?{" "}
        <button
          type="button"
          className="button small danger"
          onClick={() => void onRemove().finally(() => setAsking(false))}
        >
          Yes, remove
        </button>
        <button type="button" className="button small" onClick={() => setAsking(false)}>
          Keep
        </button>
      </span>
    );
  }
  return (
    <span className="actions">
      <select
        aria-label={`Role of ${name}`}
        value={member.roles[0]?.id ?? ""}
        onChange={({ target }) => void onRole(target.value)}
      >
        {roles.map(({ id, name: role }) => (
          <option key={id} value={id}>
            {roleTitle(role)}
          </option>
        ))}
      </select>
      <button type="button" className="button small" aria-label={`Remove ${name}`} onClick={() => setAsking(true)}>
        Remove
      </button>
    </span>
  );
}
