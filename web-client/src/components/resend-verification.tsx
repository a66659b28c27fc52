import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { ResendVerificationDocument } from "../../../schema/generated/operations.ts";
import { describeProblem } from "../forms/describe-problem.ts";
import { Notice } from "./notice.tsx";

/** For the mail that did not come. */
export function ResendVerification({ email }: { readonly email: string }) {
  const [resend, { loading }] = useMutation(ResendVerificationDocument);
  const [answer, setAnswer] = useState<{ readonly tone: "success" | "problem"; readonly text: string }>();

  const onClick = async (): Promise<void> => {
    try {
      const { data } = await resend({ variables: { input: { email } } });
      const refused = data?.verificationResend.userErrors[0]?.message;
      if (refused !== undefined) setAnswer({ tone: "problem", text: refused });
      else
        setAnswer({ tone: "success", text: "If the address waits for its confirmation, another mail is on its way." });
    } catch (error) {
      setAnswer({ tone: "problem", text: describeProblem(error) });
    }
  };

  return (
    <div className="aside">
      <p>
        No mail?{" "}
        <button type="button" className="link" disabled={loading} onClick={() => void onClick()}>
          Send it again
        </button>
      </p>
      {answer !== undefined && <Notice tone={answer.tone}>{answer.text}</Notice>}
    </div>
  );
}
