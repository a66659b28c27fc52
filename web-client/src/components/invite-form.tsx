import { useMutation } from "@apollo/client/react";
import { useId, useRef, useState } from "react";
import { InviteMemberDocument, type RoleFieldsFragment } from "../../../schema/generated/operations.ts";
import { useOrganization } from "../app/organization-context.ts";
import { roleTitle } from "../format/role.ts";
import { useForm } from "../forms/use-form.ts";
import { checkEmail } from "../forms/validation.ts";
import { newIdempotencyKey } from "../graphql/idempotency-key.ts";
import { Field } from "./field.tsx";
import { FormCard } from "./form-card.tsx";
import { Notice } from "./notice.tsx";

const CHECKS = { email: checkEmail };

export function InviteForm({ roles }: { readonly roles: readonly RoleFieldsFragment[] }) {
  const { organizationId } = useOrganization();
  const [invite] = useMutation(InviteMemberDocument, { refetchQueries: ["Invitations"] });
  const [invited, setInvited] = useState<string>();
  const [roleId, setRoleId] = useState(() => (roles.find(({ name }) => name === "MEMBER") ?? roles[0])?.id ?? "");
  const roleField = useId();
  const intent = useRef({ input: "", key: "" });
  const form = useForm({
    checks: CHECKS,
    async submit({ email }) {
      setInvited(undefined);
      const input = { organizationId, email: email.trim(), roleIds: [roleId] };
      const text = JSON.stringify(input);
      if (intent.current.input !== text) intent.current = { input: text, key: newIdempotencyKey() };
      const { data } = await invite({ variables: { input: { ...input, idempotencyKey: intent.current.key } } });
      intent.current = { input: "", key: "" };
      if (data?.invitationCreate.invitation) setInvited(input.email);
      return data?.invitationCreate.userErrors ?? [];
    },
  });

  return (
    <section className="invite" aria-labelledby="invite-title">
      <h2 id="invite-title">Invite a member</h2>
      <FormCard onSubmit={form.onSubmit} problem={form.problem} busy={form.busy} action="Send invitation">
        <Field label="E-mail" state={form.fields.email} type="email" />
        <div className="field">
          <label htmlFor={roleField}>Role</label>
          <select id={roleField} value={roleId} onChange={({ target }) => setRoleId(target.value)}>
            {roles.map(({ id, name }) => (
              <option key={id} value={id}>
                {roleTitle(name)}
              </option>
            ))}
          </select>
        </div>
        {invited !== undefined && <Notice tone="success">An invitation is on its way to {invited}.</Notice>}
      </FormCard>
    </section>
  );
}
