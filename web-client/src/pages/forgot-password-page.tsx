import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { Link } from "react-router";
import { RequestPasswordResetDocument } from "../../../schema/generated/operations.ts";
import { Field } from "../components/field.tsx";
import { FormCard } from "../components/form-card.tsx";
import { MailboxLink } from "../components/mailbox-link.tsx";
import { Page } from "../components/page.tsx";
import { useForm } from "../forms/use-form.ts";
import { checkEmail } from "../forms/validation.ts";

const CHECKS = { email: checkEmail };

export function ForgotPasswordPage() {
  const [request] = useMutation(RequestPasswordResetDocument);
  const [asked, setAsked] = useState<string>();
  const form = useForm({
    checks: CHECKS,
    async submit(values) {
      const email = values.email.trim();
      const { data } = await request({ variables: { input: { email } } });
      if (data?.passwordResetRequest.accepted) setAsked(email);
      return data?.passwordResetRequest.userErrors ?? [];
    },
  });

  if (asked !== undefined) {
    return (
      <Page title="Check your mail" narrow>
        <div className="card" role="status">
          <p>
            If <strong>{asked}</strong> has an account, a link to choose a new password is on its way. It works once,
            for an hour.
          </p>
          <MailboxLink />
        </div>
      </Page>
    );
  }
  return (
    <Page title="Choose a new password" narrow>
      <FormCard onSubmit={form.onSubmit} problem={form.problem} busy={form.busy} action="Send the link">
        <Field label="E-mail" state={form.fields.email} type="email" autoComplete="username" />
      </FormCard>
      <p className="aside">
        <Link to="/sign-in">Go to sign-in</Link>
      </p>
    </Page>
  );
}
