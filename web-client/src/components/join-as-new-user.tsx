import { useMutation } from "@apollo/client/react";
import { Link, useNavigate } from "react-router";
import { constraints, RegisterByInvitationDocument } from "../../../schema/generated/operations.ts";
import { useServices } from "../app/services-context.ts";
import { signIn } from "../auth/sign-in.ts";
import { browserLocale } from "../format/browser-locale.ts";
import { useForm } from "../forms/use-form.ts";
import { checkDisplayName, checkNewPassword } from "../forms/validation.ts";
import { Field } from "./field.tsx";
import { FormCard } from "./form-card.tsx";

const CHECKS = { displayName: checkDisplayName, password: checkNewPassword };

/** The link came to the invited address: no other mail has to confirm it. */
export function JoinAsNewUser({ token }: { readonly token: string }) {
  const { session } = useServices();
  const navigate = useNavigate();
  const [register] = useMutation(RegisterByInvitationDocument);
  const form = useForm({
    checks: CHECKS,
    async submit({ displayName, password }) {
      const { data } = await register({
        variables: { input: { token, displayName, password, locale: browserLocale() } },
      });
      const { email, organizationId, userErrors = [] } = data?.invitationRegister ?? {};
      if (email == null || organizationId == null) return userErrors;
      const signedIn = await signIn(session, { email, password });
      if (signedIn.userErrors.length === 0) await navigate(`/o/${organizationId}`, { replace: true });
      return signedIn.userErrors;
    },
  });
  const { displayName, password } = form.fields;
  const here = `/invite?token=${encodeURIComponent(token)}`;
  return (
    <>
      <FormCard
        onSubmit={form.onSubmit}
        problem={form.problem}
        busy={form.busy || token === ""}
        action="Create account and join"
      >
        <Field label="Display name" state={displayName} autoComplete="name" hint="How other members see you." />
        <Field
          label="Password"
          state={password}
          type="password"
          autoComplete="new-password"
          hint={`${constraints.password.min} characters or more.`}
        />
      </FormCard>
      <p className="aside">
        Have an account? <Link to={`/sign-in?next=${encodeURIComponent(here)}`}>Sign in to accept</Link>
      </p>
    </>
  );
}
