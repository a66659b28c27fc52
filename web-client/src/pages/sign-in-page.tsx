import { useState } from "react";
import { Link, Navigate, useSearchParams } from "react-router";
import { useServices } from "../app/services-context.ts";
import { askForPasskey, canAskForPasskeys } from "../auth/passkey.ts";
import { safeNext } from "../auth/safe-next.ts";
import { signIn } from "../auth/sign-in.ts";
import { useSessionUser } from "../auth/use-session-user.ts";
import { Field } from "../components/field.tsx";
import { FormCard } from "../components/form-card.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { useForm } from "../forms/use-form.ts";
import { checkEmail, checkPresent } from "../forms/validation.ts";

const CODE_HINT = "The six digits that your authenticator app shows, or a recovery code.";

/** The server says when a code is needed. */
const CHECKS = { email: checkEmail, password: checkPresent("your password"), code: () => undefined };

export function SignInPage() {
  const { session } = useServices();
  const [search] = useSearchParams();
  const signedIn = useSessionUser() !== undefined;
  const [asksCode, setAsksCode] = useState(false);
  const [passkeyOptions, setPasskeyOptions] = useState<unknown>(null);
  const form = useForm({
    checks: CHECKS,
    async submit({ email, password, code }) {
      const passkey = passkeyOptions !== null && code === "" ? await askForPasskey(passkeyOptions) : undefined;
      const { userErrors, ...outcome } = await signIn(session, {
        email: email.trim(),
        password,
        ...(code === "" ? {} : { code }),
        ...(passkey === undefined ? {} : { passkey }),
      });
      setPasskeyOptions(canAskForPasskeys() ? outcome.passkeyOptions : null);
      const needsCode = userErrors.some((error) => error.code === "SECOND_FACTOR_REQUIRED");
      if (needsCode) setAsksCode(true);
      // The field that appears says it already.
      return needsCode && !asksCode ? [] : userErrors;
    },
  });

  if (signedIn) return <Navigate to={safeNext(search.get("next"))} replace />;
  const notice = noticeOf(search);
  const { email, password, code } = form.fields;
  return (
    <Page title="Sign in" narrow>
      {notice !== undefined && <Notice tone="success">{notice}</Notice>}
      <FormCard onSubmit={form.onSubmit} problem={form.problem} busy={form.busy} action="Sign in">
        <Field label="E-mail" state={email} type="email" autoComplete="username" />
        <Field label="Password" state={password} type="password" autoComplete="current-password" />
        {asksCode && (
          <Field
            label="Code"
            state={code}
            autoComplete="one-time-code"
            hint={passkeyOptions === null ? CODE_HINT : `Leave it empty to use your passkey. ${CODE_HINT}`}
          />
        )}
      </FormCard>
      <p className="aside">
        New here? <Link to="/sign-up">Create account</Link>
      </p>
      <p className="aside">
        <Link to="/forgot-password">Forgot your password?</Link>
      </p>
      <p className="aside">
        <Link to="/sign-in/organisation">Use your organisation's sign-in</Link>
      </p>
    </Page>
  );
}

/** What the page before this one did. */
function noticeOf(search: URLSearchParams): string | undefined {
  if (search.has("reset")) return "Your password is changed. Sign in with the new one.";
  if (search.get("verified") === "before") return "Your address was confirmed before. Sign in to go on.";
  return search.has("verified") ? "Your address is confirmed. Sign in to go on." : undefined;
}
