import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { VerifyEmailDocument } from "../../../schema/generated/operations.ts";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { describeProblem } from "../forms/describe-problem.ts";

/** A click confirms, not the opening of the page: mail scanners open links too. */
export function VerifyPage() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const [verify, { loading }] = useMutation(VerifyEmailDocument);
  const [problem, setProblem] = useState<string>();
  const token = search.get("token") ?? "";

  const confirm = async (): Promise<void> => {
    setProblem(undefined);
    try {
      const { data } = await verify({ variables: { input: { token } } });
      const refused = data?.emailVerify.userErrors[0]?.message;
      if (refused === undefined) await navigate("/sign-in?verified", { replace: true });
      else setProblem(refused);
    } catch (error) {
      setProblem(describeProblem(error));
    }
  };

  return (
    <Page title="Confirm your address" narrow>
      <div className="card form">
        {token === "" && <Notice tone="problem">This link is incomplete. Open it from the mail again.</Notice>}
        {problem !== undefined && <Notice tone="problem">{problem}</Notice>}
        <p>One click, and your account is ready.</p>
        <button
          type="button"
          className="button primary"
          disabled={loading || token === ""}
          onClick={() => void confirm()}
        >
          Confirm e-mail
        </button>
      </div>
      <p className="aside">
        <Link to="/sign-in">Go to sign-in</Link>
      </p>
    </Page>
  );
}
