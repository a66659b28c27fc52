// Of the tables of the user database.
import { SHARED } from "./shared.ts";
import { later, now, type Row, type Tables } from "./table.ts";

const emails: readonly Row[] = [{ email: "ada example.com" }, { email: "@" }, { email: `${"a".repeat(250)}@b.cd` }];

export const USER: Tables = {
  ...SHARED,
  user: {
    row: {
      id: "usr_1",
      email: "ada@example.com",
      display_name: "Ada",
      password_hash: "x",
      status: "ACTIVE",
      verification_requested_at: now,
      created_at: now,
      updated_at: now,
    },
    violations: {
      user_email_check: [{ email: "Ada@example.com" }],
      user_email_form: emails,
      user_display_name_length: [{ display_name: "" }, { display_name: "x".repeat(81) }],
      user_status_check: [{ status: "GONE" }],
      user_locale_length: [{ locale: "e" }, { locale: "x".repeat(36) }],
      user_time_zone_length: [{ time_zone: "" }, { time_zone: "x".repeat(65) }],
    },
  },
  pending_registration: {
    row: {
      id: "01890a5d-ac96-774b-bcce-b302099a8057",
      user_id: "usr_1",
      display_name: "Ada",
      password_hash: "x",
      created_at: now,
    },
    violations: {
      pending_registration_organization_name_length: [{ organization_name: "" }, { organization_name: "x".repeat(81) }],
      pending_registration_plan: [
        { organization_name: "Ada Works", plan_code: "team" },
        { organization_name: "Ada Works", sealed_token: "x" },
        { plan_code: "team", sealed_token: "x" },
      ],
      pending_registration_locale_length: [{ locale: "" }, { locale: "x".repeat(36) }],
      pending_registration_display_name_length: [{ display_name: "" }, { display_name: "x".repeat(81) }],
    },
  },
  unsubscribed_topic: {
    row: { user_id: "usr_1", topic: "GETTING_STARTED", since: now },
    violations: { unsubscribed_topic_topic_check: [{ topic: "EVERYTHING" }] },
  },
  email_change: {
    row: {
      id: "01890a5d-ac96-774b-bcce-b302099a8057",
      user_id: "usr_1",
      email: "ada@example.com",
      created_at: now,
      expires_at: later,
    },
    violations: {
      email_change_email_check: [{ email: "Ada@example.com" }],
      email_change_email_form: emails,
    },
  },
  profile_event: {
    row: { user_id: "usr_1", sequence: 1, type: "UPDATED", changes: "{}", trace_id: "none", occurred_at: now },
    violations: {
      profile_event_sequence_check: [{ sequence: 0 }],
      profile_event_type_check: [{ type: "GONE" }],
    },
  },
  role: {
    row: { id: "rol_1", organization_id: "org_1", name: "SUPPORT", permissions: [], built_in: false },
    violations: { role_name_length: [{ name: "" }, { name: "x".repeat(41) }] },
  },
  session: {
    row: {
      id: "ses_1",
      user_id: "usr_1",
      device: "Firefox",
      created_at: now,
      last_seen_at: now,
      expires_at: later,
    },
    violations: { session_device_length: [{ device: "" }, { device: "x".repeat(121) }] },
  },
  passkey: {
    row: {
      id: "psk_1",
      user_id: "usr_1",
      credential_id: "x",
      public_key: "\\x00",
      counter: 0,
      transports: [],
      name: "Laptop",
      created_at: now,
    },
    violations: {
      passkey_counter_check: [{ counter: -1 }],
      passkey_name_length: [{ name: "" }, { name: "x".repeat(81) }],
    },
  },
  organization_domain: {
    row: { id: "dom_1", organization_id: "org_1", domain: "example.com", token: "x", created_at: now },
    violations: {
      organization_domain_form: [
        { domain: "Example.com" },
        { domain: "example" },
        { domain: ".com" },
        { domain: `${"a".repeat(250)}.com` },
      ],
    },
  },
  identity_provider: {
    row: {
      organization_id: "org_1",
      issuer: "https://login.example.com",
      client_id: "c",
      sealed_secret: "x",
      enforced: true,
      updated_at: now,
    },
    violations: {
      identity_provider_issuer_length: [{ issuer: "https:" }, { issuer: "x".repeat(501) }],
      identity_provider_client_length: [{ client_id: "" }, { client_id: "x".repeat(256) }],
    },
  },
  provider_account: {
    row: { organization_id: "org_1", issuer: "i", subject: "s", user_id: "usr_1", created_at: now },
    violations: { provider_account_subject_length: [{ subject: "" }, { subject: "x".repeat(256) }] },
  },
  passkey_challenge: {
    row: { challenge: "x", user_id: "usr_1", purpose: "PROVE", expires_at: later },
    violations: { passkey_challenge_purpose_check: [{ purpose: "PLAY" }] },
  },
  organization: {
    row: { id: "org_1", slug: "acme", name: "Acme", status: "ACTIVE", created_at: now, updated_at: now },
    violations: {
      organization_status_check: [{ status: "GONE" }],
      organization_deletes: [{ status: "DELETING" }, { deletes_at: later }],
      organization_slug_form: [{ slug: "ab" }, { slug: "Acme" }, { slug: "-acme" }, { slug: "a".repeat(41) }],
      organization_name_length: [{ name: "A" }, { name: "x".repeat(81) }],
    },
  },
  api_key: {
    row: {
      id: "key_1",
      organization_id: "org_1",
      name: "Export",
      scopes: ["billing.read"],
      granted_by_id: "usr_1",
      hint: "x9Qz",
      created_at: now,
      expires_at: later,
    },
    violations: {
      api_key_name_length: [{ name: "" }, { name: "x".repeat(81) }],
      api_key_scopes_given: [{ scopes: [] }],
      api_key_hint_length: [{ hint: "x" }, { hint: "x9Qz7" }],
      api_key_expiry: [{ expires_at: now }],
    },
  },
  feature_flag_rule: {
    row: { flag_key: "api-keys", scope: "EVERYBODY", target: "", percent: 25, updated_at: now },
    violations: {
      feature_flag_rule_scope_check: [{ scope: "SOMEBODY", target: "x", percent: 0 }],
      feature_flag_rule_percent_range: [{ percent: -1 }, { percent: 101 }],
      feature_flag_rule_target: [{ target: "org_1" }, { scope: "PLAN", percent: 100 }],
      feature_flag_rule_share: [{ scope: "PLAN", target: "pln_1" }],
    },
  },
  feature_flag_revision: {
    row: { id: 1, revision: 0 },
    violations: { feature_flag_revision_single: [{ id: 2 }] },
  },
  invitation: {
    row: {
      id: "ivt_1",
      organization_id: "org_1",
      email: "bob@example.com",
      role_ids: ["rol_1"],
      invited_by_id: "usr_1",
      created_at: now,
      expires_at: later,
    },
    violations: { invitation_email_check: [{ email: "Bob@example.com" }], invitation_email_form: emails },
  },
  email_delivery: {
    row: {
      event_id: "01890a5d-ac96-774b-bcce-b302099a8057",
      tenant_id: "usr_1",
      template: "verification",
      recipient: "ada@example.com",
      state: "SENT",
      created_at: now,
    },
    violations: {
      email_delivery_state_check: [{ state: "LOST" }],
      email_delivery_facts: [{ facts: "[]" }, { facts: "1" }],
    },
  },
  billing_contact: {
    row: { organization_id: "org_1", email: "billing@example.com", changed_at: now },
    violations: { billing_contact_email: [{ email: "a@" }, { email: `a@${"b".repeat(253)}` }] },
  },
  email_step: {
    row: {
      event_id: "01890a5d-ac96-774b-bcce-b302099a8057",
      number: 1,
      tenant_id: "usr_1",
      state: "SENT",
      at: now,
    },
    violations: { email_step_number: [{ number: 0 }], email_step_state_check: [{ state: "LOST" }] },
  },
  organization_entitlement: {
    row: { organization_id: "org_1", key: "seats", granted: true, allowed: 25, changed_at: now },
    violations: {
      organization_entitlement_allowed: [{ allowed: -1 }],
      organization_entitlement_none: [{ granted: false }],
    },
  },
};
