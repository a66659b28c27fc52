/**
 * What can be allowed in an organisation: the one list that roles choose from, for all subgraphs and the live engine.
 * Names are public API: they stand in roles, tokens' grants and the `permission` of live fields.
 */
export const PERMISSIONS = {
  "organization.read": "See the organisation itself.",
  "organization.manage": "Rename the organisation, change its settings, and give programs API keys.",
  "organization.own": "Delete the organisation, and make others its owners.",
  "members.read": "See the members and their addresses.",
  "members.manage": "Invite people, give members roles and remove members.",
  "roles.manage": "Make roles out of one's own permissions.",
  "billing.read": "See plans, subscriptions, invoices and payments.",
  "billing.manage": "Start plans, pay invoices and keep payment methods.",
  "usage.write": "Record what is used of metered features, as programs do.",
  "audit.read": "Read the audit log.",
} as const satisfies Readonly<Record<string, string>>;

export type Permission = keyof typeof PERMISSIONS;

const NAMES: ReadonlySet<string> = new Set(Object.keys(PERMISSIONS));

export function isPermission(name: string): name is Permission {
  return NAMES.has(name);
}
