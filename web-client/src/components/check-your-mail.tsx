import { MailboxLink } from "./mailbox-link.tsx";
import { Page } from "./page.tsx";
import { ResendVerification } from "./resend-verification.tsx";

export function CheckYourMail({ email }: { readonly email: string }) {
  return (
    <Page title="Check your mail" narrow>
      <div className="card" role="status">
        <p>
          We sent a link to <strong>{email}</strong>. Open it to confirm your address, then sign in.
        </p>
        <MailboxLink />
      </div>
      <ResendVerification email={email} />
    </Page>
  );
}
