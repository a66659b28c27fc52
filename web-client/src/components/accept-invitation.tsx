import { useApolloClient, useMutation } from "@apollo/client/react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { AcceptInvitationDocument, ViewerDocument } from "../../../schema/generated/operations.ts";
import { describeProblem } from "../forms/describe-problem.ts";
import { Notice } from "./notice.tsx";

export function AcceptInvitation({ token }: { readonly token: string }) {
  const navigate = useNavigate();
  const client = useApolloClient();
  const [accept, { loading }] = useMutation(AcceptInvitationDocument);
  const [problem, setProblem] = useState<string>();

  const join = async (): Promise<void> => {
    setProblem(undefined);
    try {
      const { data } = await accept({ variables: { input: { token } } });
      const organization = data?.invitationAccept.membership?.organization.id;
      if (organization === undefined) {
        setProblem(data?.invitationAccept.userErrors[0]?.message ?? "The invitation could not be accepted.");
        return;
      }
      await client.query({ query: ViewerDocument, fetchPolicy: "network-only" });
      await navigate(`/o/${organization}`, { replace: true });
    } catch (error) {
      setProblem(describeProblem(error));
    }
  };

  return (
    <div className="card form">
      {problem !== undefined && <Notice tone="problem">{problem}</Notice>}
      <button type="button" className="button primary" disabled={loading || token === ""} onClick={() => void join()}>
        Accept invitation
      </button>
    </div>
  );
}
