import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { UnsubscribeDocument } from "../../../schema/generated/operations.ts";
import { FormCard } from "../components/form-card.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { useForm } from "../forms/use-form.ts";

/** The link says all. */
const CHECKS = {};

/** A click unsubscribes, not the opening of the page: mail scanners open links too. */
export function UnsubscribePage() {
  const [search] = useSearchParams();
  const [unsubscribe] = useMutation(UnsubscribeDocument);
  const [done, setDone] = useState(false);
  const token = search.get("token") ?? "";
  const form = useForm({
    checks: CHECKS,
    async submit() {
      const payload = (await unsubscribe({ variables: { input: { token } } })).data?.emailUnsubscribe;
      if (payload?.topic != null) setDone(true);
      return payload?.userErrors ?? [];
    },
  });

  return (
    <Page title="Fewer mails" narrow>
      {token === "" && <Notice tone="problem">This link is incomplete. Open it from the mail again.</Notice>}
      {done ? (
        <div className="card" role="status">
          <p>You get no more mails with help for the first steps.</p>
        </div>
      ) : (
        <FormCard onSubmit={form.onSubmit} problem={form.problem} busy={form.busy || token === ""} action="Unsubscribe">
          <p>One click ends mails with help for the first steps. Mails that your account needs still come.</p>
        </FormCard>
      )}
      <p className="aside">
        <Link to="/">Go to Tributary</Link>
      </p>
    </Page>
  );
}
