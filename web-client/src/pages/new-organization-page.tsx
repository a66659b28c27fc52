import { useApolloClient, useMutation } from "@apollo/client/react";
import { useRef, useState } from "react";
import { useNavigate } from "react-router";
import { CreateOrganizationDocument, ViewerDocument } from "../../../schema/generated/operations.ts";
import { Field } from "../components/field.tsx";
import { FormCard } from "../components/form-card.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { slugOf } from "../format/slug.ts";
import { useForm } from "../forms/use-form.ts";
import { checkOrganizationName } from "../forms/validation.ts";
import { billingAccountOpened } from "../graphql/billing-account-opened.ts";
import { newIdempotencyKey } from "../graphql/idempotency-key.ts";

const CHECKS = { name: checkOrganizationName };

export function NewOrganizationPage() {
  const client = useApolloClient();
  const navigate = useNavigate();
  const [create] = useMutation(CreateOrganizationDocument);
  const [opening, setOpening] = useState(false);
  const intent = useRef({ name: "", key: "" });
  const form = useForm({
    checks: CHECKS,
    async submit({ name }) {
      if (intent.current.name !== name) intent.current = { name, key: newIdempotencyKey() };
      const { data } = await create({ variables: { input: { name, idempotencyKey: intent.current.key } } });
      const organization = data?.organizationCreate.organization;
      if (!organization) return data?.organizationCreate.userErrors ?? [];
      setOpening(true);
      await client.query({ query: ViewerDocument, fetchPolicy: "network-only" });
      await billingAccountOpened(client, organization.id);
      await navigate(`/o/${organization.id}`, { replace: true });
      return [];
    },
  });

  const { name } = form.fields;
  const slug = name.value.trim() === "" ? undefined : `Short name: ${slugOf(name.value)}`;
  return (
    <Page title="Create an organisation" intro="Members, plans and invoices belong to an organisation." narrow>
      <FormCard onSubmit={form.onSubmit} problem={form.problem} busy={form.busy} action="Create organisation">
        <Field label="Organisation name" state={name} autoComplete="organization" hint={slug} />
      </FormCard>
      {opening && <Notice tone="info">Opening your billing account…</Notice>}
    </Page>
  );
}
