import { useSearchParams } from "react-router";
import { useSessionUser } from "../auth/use-session-user.ts";
import { AcceptInvitation } from "../components/accept-invitation.tsx";
import { JoinAsNewUser } from "../components/join-as-new-user.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";

/** Where the link of an invitation leads, for people with an account and without one. */
export function AcceptInvitationPage() {
  const [search] = useSearchParams();
  const isSignedIn = useSessionUser() !== undefined;
  const token = search.get("token") ?? "";
  const intro = isSignedIn
    ? "Accept to join the organisation with the account you are signed in with."
    : "Create your account to join the organisation.";
  return (
    <Page title="You are invited" intro={intro} narrow>
      {token === "" && <Notice tone="problem">This link is incomplete. Open it from the mail again.</Notice>}
      {isSignedIn ? <AcceptInvitation token={token} /> : <JoinAsNewUser token={token} />}
    </Page>
  );
}
