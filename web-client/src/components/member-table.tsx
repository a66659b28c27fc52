import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import {
  ChangeRolesDocument,
  type MemberFieldsFragment,
  RemoveMemberDocument,
  type RoleFieldsFragment,
  type UserErrorFieldsFragment,
} from "../../../schema/generated/operations.ts";
import { roleTitle } from "../format/role.ts";
import { formatDate } from "../format/time.ts";
import { describeProblem } from "../forms/describe-problem.ts";
import { MemberActions } from "./member-actions.tsx";
import { Notice } from "./notice.tsx";

interface MemberTableProps {
  readonly members: readonly MemberFieldsFragment[];
  readonly roles: readonly RoleFieldsFragment[];
  readonly manages: boolean;
}

export function MemberTable({ members, roles, manages }: MemberTableProps) {
  const [changeRoles] = useMutation(ChangeRolesDocument);
  const [remove] = useMutation(RemoveMemberDocument, { refetchQueries: ["Members"] });
  const [problem, setProblem] = useState<string>();

  const attempt = async (change: () => Promise<readonly UserErrorFieldsFragment[] | undefined>): Promise<void> => {
    setProblem(undefined);
    try {
      setProblem((await change())?.[0]?.message);
    } catch (error) {
      setProblem(describeProblem(error));
    }
  };

  return (
    <>
      {problem !== undefined && <Notice tone="problem">{problem}</Notice>}
      <table>
        <caption className="visually-hidden">Members, oldest first</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">E-mail</th>
            <th scope="col">Joined</th>
            <th scope="col">Role</th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr key={member.id}>
              <th scope="row">{member.user.displayName}</th>
              <td>{member.user.email}</td>
              <td>{formatDate(member.joinedAt)}</td>
              <td>
                {manages ? (
                  <MemberActions
                    member={member}
                    roles={roles}
                    onRole={(roleId) =>
                      attempt(async () => {
                        const { data } = await changeRoles({
                          variables: { input: { id: member.id, roleIds: [roleId] } },
                        });
                        return data?.membershipUpdate.userErrors;
                      })
                    }
                    onRemove={() =>
                      attempt(async () => {
                        const { data } = await remove({ variables: { input: { id: member.id } } });
                        return data?.membershipRemove.userErrors;
                      })
                    }
                  />
                ) : (
                  member.roles.map(({ name }) => roleTitle(name)).join(", ")
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
