import { useMutation } from "@apollo/client/react";
import { useRef, useState } from "react";
import { Link } from "react-router";
import { constraints, RegisterDocument } from "../../../schema/generated/operations.ts";
import { CheckYourMail } from "../components/check-your-mail.tsx";
import { Field } from "../components/field.tsx";
import { FormCard } from "../components/form-card.tsx";
import { Page } from "../components/page.tsx";
import { browserLocale } from "../format/browser-locale.ts";
import { useForm } from "../forms/use-form.ts";
import { checkDisplayName, checkEmail, checkNewPassword } from "../forms/validation.ts";
import { newIdempotencyKey } from "../graphql/idempotency-key.ts";

const CHECKS = { displayName: checkDisplayName, email: checkEmail, password: checkNewPassword };

export function SignUpPage() {
  const [register] = useMutation(RegisterDocument);
  const [registered, setRegistered] = useState<string>();
  const intent = useRef({ input: "", key: "" });
  const form = useForm({
    checks: CHECKS,
    async submit(values) {
      // A repeat of the same input is the same intent; anything corrected is a new one.
      const input = JSON.stringify(values);
      if (intent.current.input !== input) intent.current = { input, key: newIdempotencyKey() };
      const email = values.email.trim();
      const { data } = await register({
        variables: { input: { ...values, email, locale: browserLocale(), idempotencyKey: intent.current.key } },
      });
      if (data?.userRegister.accepted) setRegistered(email);
      return data?.userRegister.userErrors ?? [];
    },
  });

  if (registered !== undefined) return <CheckYourMail email={registered} />;
  const { displayName, email, password } = form.fields;
  return (
    <Page title="Create account" narrow>
      <FormCard onSubmit={form.onSubmit} problem={form.problem} busy={form.busy} action="Create account">
        <Field label="Display name" state={displayName} autoComplete="name" hint="How other members see you." />
        <Field label="E-mail" state={email} type="email" autoComplete="email" />
        <Field
          label="Password"
          state={password}
          type="password"
          autoComplete="new-password"
          hint={`${constraints.password.min} characters or more.`}
        />
      </FormCard>
      <p className="aside">
        Have an account? <Link to="/sign-in">Sign in</Link>
      </p>
    </Page>
  );
}
