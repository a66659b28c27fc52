import { useMutation } from "@apollo/client/react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { constraints, ResetPasswordDocument } from "../../../schema/generated/operations.ts";
import { Field } from "../components/field.tsx";
import { FormCard } from "../components/form-card.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { useForm } from "../forms/use-form.ts";
import { checkNewPassword } from "../forms/validation.ts";

const CHECKS = { next: checkNewPassword };

export function ResetPasswordPage() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const [reset] = useMutation(ResetPasswordDocument);
  const token = search.get("token") ?? "";
  const form = useForm({
    checks: CHECKS,
    async submit({ next }) {
      const payload = (await reset({ variables: { input: { token, next } } })).data?.passwordReset;
      if (payload?.user) await navigate("/sign-in?reset", { replace: true });
      return payload?.userErrors ?? [];
    },
  });

  return (
    <Page title="Choose a new password" narrow>
      {token === "" && <Notice tone="problem">This link is incomplete. Open it from the mail again.</Notice>}
      <FormCard
        onSubmit={form.onSubmit}
        problem={form.problem}
        busy={form.busy || token === ""}
        action="Set the password"
      >
        <Field
          label="New password"
          state={form.fields.next}
          type="password"
          autoComplete="new-password"
          hint={`${constraints.password.min} characters or more. All your sessions end.`}
        />
      </FormCard>
      <p className="aside">
        Link too old? <Link to="/forgot-password">Ask for another one</Link>
      </p>
    </Page>
  );
}
