import type { ResolversOf } from "../../../schema/generated/user.ts";
import type { UserContext, UserParents } from "../context.ts";
import { RECORD_LABEL, recordOf } from "../domain/identity-provider.ts";

export const organizationDomain: ResolversOf<"OrganizationDomain", UserContext, UserParents> = {
  status: ({ verifiedAt }) => (verifiedAt === null ? "PENDING" : "VERIFIED"),
  recordName: ({ domain }) => `${RECORD_LABEL}.${domain}`,
  recordValue: recordOf,
};
