import { useEffect, useRef, useState } from "react";
import { Link, Navigate, useLocation } from "react-router";
import { useServices } from "../app/services-context.ts";
import { completeProviderSignIn } from "../auth/provider-sign-in.ts";
import { useSessionUser } from "../auth/use-session-user.ts";
import { Loading } from "../components/loading.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { describeProblem } from "../forms/describe-problem.ts";

/** Where an organisation's sign-in sends people back to. */
export function ProviderCallbackPage() {
  const { session } = useServices();
  const { search } = useLocation();
  const isSignedIn = useSessionUser() !== undefined;
  const [problem, setProblem] = useState<string>();
  // An answer counts once, however often this is rendered.
  const begun = useRef(false);

  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    completeProviderSignIn(session, search).then(
      ([refused]) => setProblem(refused?.message),
      (error: unknown) => setProblem(describeProblem(error)),
    );
  }, [session, search]);

  if (isSignedIn) return <Navigate to="/" replace />;
  if (problem === undefined) return <Loading what="your account" />;
  return (
    <Page title="Signing in did not work" narrow>
      <Notice tone="problem">{problem}</Notice>
      <p className="aside">
        <Link to="/sign-in/organisation">Begin again</Link>
      </p>
    </Page>
  );
}
