import type { WritableMoney } from "../../../schema/money.ts";

/**
 * What the words of each mail may name, in every language. Whoever writes a mail gives exactly these; a template that
 * names something else is refused when it is read.
 */
export const TEMPLATE_VALUES = {
  account_exists: ["displayName"],
  address_confirmed: ["displayName"],
  address_taken: [],
  email_change_approval: ["displayName", "newAddress"],
  email_change_confirmation: ["displayName"],
  invitation: ["inviter", "organization"],
  organization_deletion: ["displayName", "organization", "day"],
  organization_welcome: ["displayName", "organization"],
  passkey_added: ["displayName"],
  passkey_removed: ["displayName"],
  password_changed: ["displayName"],
  password_reset: [],
  payment_failed: ["displayName", "organization", "amount"],
  plan_ended: ["displayName", "organization"],
  plan_ended_unpaid: ["displayName", "organization"],
  plan_past_due: ["displayName", "organization"],
  receipt: ["displayName", "organization", "number", "amount", "credit"],
  second_factor_disabled: ["displayName"],
  second_factor_enabled: ["displayName"],
  verification: [],
  welcome: ["displayName"],
} as const satisfies Record<string, readonly string[]>;

export type TemplateName = keyof typeof TEMPLATE_VALUES;

export const TEMPLATE_NAMES = Object.keys(TEMPLATE_VALUES).filter(isTemplateName);

export function isTemplateName(name: string): name is TemplateName {
  return Object.hasOwn(TEMPLATE_VALUES, name);
}

/** Text comes from users, dates and money are shown as the reader writes them, null is left out. */
export type TemplateValue = string | Date | WritableMoney | null;

/** A template with its values. */
export type Words = {
  readonly [Name in TemplateName]: {
    readonly template: Name;
    readonly values: Readonly<Record<(typeof TEMPLATE_VALUES)[Name][number], TemplateValue>>;
  };
}[TemplateName];
