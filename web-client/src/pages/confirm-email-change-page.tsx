import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { ConfirmEmailChangeDocument } from "../../../schema/generated/operations.ts";
import { FormCard } from "../components/form-card.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { useForm } from "../forms/use-form.ts";

/** The link says all. */
const CHECKS = {};

/** Both mails of a change of address lead here. A click agrees, not the opening: mail scanners open links too. */
export function ConfirmEmailChangePage() {
  const [search] = useSearchParams();
  const [confirm] = useMutation(ConfirmEmailChangeDocument);
  const [outcome, setOutcome] = useState<"next" | "changed">();
  const token = search.get("token") ?? "";
  const form = useForm({
    checks: CHECKS,
    async submit() {
      const payload = (await confirm({ variables: { input: { token } } })).data?.emailChangeConfirm;
      if (payload?.user) setOutcome(payload.changed ? "changed" : "next");
      return payload?.userErrors ?? [];
    },
  });

  return (
    <Page title="Another address for your account" narrow>
      {token === "" && <Notice tone="problem">This link is incomplete. Open it from the mail again.</Notice>}
      {outcome === undefined ? (
        <FormCard onSubmit={form.onSubmit} problem={form.problem} busy={form.busy || token === ""} action="Agree">
          <p>One click agrees that your account moves to the new address.</p>
        </FormCard>
      ) : (
        <div className="card" role="status">
          <p>
            {outcome === "changed"
              ? "Your account has the new address. Sign in with it from now on."
              : "A mail with one more link is on its way to the new address. Open that, and the account moves."}
          </p>
        </div>
      )}
      <p className="aside">
        <Link to="/">Go to Tributary</Link>
      </p>
    </Page>
  );
}
