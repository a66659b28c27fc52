/** Tells the owner of an account that signing in takes a code from now on. */
import { securityNotice } from "../security-notice.ts";

export const secondFactorEnabled = securityNotice("second_factor_enabled");
