import { Link } from "react-router";
import { beginProviderSignIn } from "../auth/provider-sign-in.ts";
import { Field } from "../components/field.tsx";
import { FormCard } from "../components/form-card.tsx";
import { Page } from "../components/page.tsx";
import { useForm } from "../forms/use-form.ts";
import { checkEmail } from "../forms/validation.ts";

const CHECKS = { email: checkEmail };

/** Sends people to the sign-in of the organisation that their address belongs to. */
export function OrganizationSignInPage() {
  const form = useForm({
    checks: CHECKS,
    async submit({ email }) {
      const { url, userErrors } = await beginProviderSignIn(email.trim());
      if (url !== null) window.location.assign(url);
      return userErrors;
    },
  });
  return (
    <Page title="Your organisation's sign-in" narrow>
      <FormCard onSubmit={form.onSubmit} problem={form.problem} busy={form.busy} action="Go on">
        <Field
          label="E-mail"
          state={form.fields.email}
          type="email"
          autoComplete="username"
          hint="The address that your organisation gave you."
        />
      </FormCard>
      <p className="aside">
        <Link to="/sign-in">Sign in with a password</Link>
      </p>
    </Page>
  );
}
