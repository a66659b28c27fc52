import { useLocalMailbox } from "../graphql/use-local-mailbox.ts";

/** Where the mails are of an installation that sends none. */
export function MailboxLink() {
  if (!useLocalMailbox()) return null;
  return (
    <p>
      This local installation keeps its mails to itself: <a href="/mailbox">open the mailbox</a>.
    </p>
  );
}
