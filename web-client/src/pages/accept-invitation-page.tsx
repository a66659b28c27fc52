import { useApolloClient, useMutation } from "@apollo/client/react";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { AcceptInvitationDocument, ViewerDocument } from "../../../schema/generated/operations.ts";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { describeProblem } from "../forms/describe-problem.ts";

export function AcceptInvitationPage() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const client = useApolloClient();
  const [accept, { loading }] = useMutation(AcceptInvitationDocument);
  const [problem, setProblem] = useState<string>();
  const token = search.get("token") ?? "";

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
    <Page
      title="You are invited"
      intro="Accept to join the organisation with the account you are signed in with."
      narrow
    >
      <div className="card form">
        {token === "" && <Notice tone="problem">This link is incomplete. Open it from the mail again.</Notice>}
        {problem !== undefined && <Notice tone="problem">{problem}</Notice>}
        <button type="button" className="button primary" disabled={loading || token === ""} onClick={() => void join()}>
          Accept invitation
        </button>
      </div>
    </Page>
  );
}
