import { useLocalMailbox } from "../graphql/use-local-mailbox.ts";
import { Page } from "./page.tsx";
import { ResendVerification } from "./resend-verification.tsx";

export function CheckYourMail({ email }: { readonly email: string }) {
  const mailbox = useLocalMailbox();
  return (
    <Page title="Check your mail" narrow>
      <div className="card" role="status">
        <p>
          We sent a link to <strong>{email}</strong>. Open it to confirm your address, then sign in.
        </p>
        {mailbox && (
          <p>
            This local installation keeps its mails to itself: <a href="/mailbox">open the mailbox</a>.
          </p>
        )}
      </div>
      <ResendVerification email={email} />
    </Page>
  );
}
