import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { VerifyEmailDocument } from "../../../schema/generated/operations.ts";
import { Field } from "../components/field.tsx";
import { FormCard } from "../components/form-card.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { useForm } from "../forms/use-form.ts";

/** The server says when the password is needed. */
const CHECKS = { password: () => undefined };

/** A click confirms, not the opening of the page: mail scanners open links too. */
export function VerifyPage() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const [verify] = useMutation(VerifyEmailDocument);
  const [asksPassword, setAsksPassword] = useState(false);
  const token = search.get("token") ?? "";
  const form = useForm({
    checks: CHECKS,
    async submit({ password }) {
      const input = { token, ...(password === "" ? {} : { password }) };
      const payload = (await verify({ variables: { input } })).data?.emailVerify;
      const userErrors = payload?.userErrors ?? [];
      if (userErrors.some(({ field }) => field?.at(-1) === "password")) setAsksPassword(true);
      if (payload?.user) {
        await navigate(`/sign-in?verified=${payload.alreadyVerified ? "before" : "now"}`, { replace: true });
      }
      return userErrors;
    },
  });

  return (
    <Page title="Confirm your address" narrow>
      {token === "" && <Notice tone="problem">This link is incomplete. Open it from the mail again.</Notice>}
      <FormCard
        onSubmit={form.onSubmit}
        problem={form.problem}
        busy={form.busy || token === ""}
        action="Confirm e-mail"
      >
        <p>One click, and your account is ready.</p>
        {asksPassword && (
          <Field
            label="Password"
            state={form.fields.password}
            type="password"
            autoComplete="current-password"
            hint="The one that you chose when you created the account."
          />
        )}
      </FormCard>
      {asksPassword && (
        <p className="aside">
          Did not choose one, or forgot it? <Link to="/forgot-password">Choose a new one</Link>
        </p>
      )}
      <p className="aside">
        <Link to="/sign-in">Go to sign-in</Link>
      </p>
    </Page>
  );
}
