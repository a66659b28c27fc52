/** Tells the owner of an account that signing in takes no code any more. */
import { securityNotice } from "../security-notice.ts";

export const secondFactorDisabled = securityNotice("second_factor_disabled");
