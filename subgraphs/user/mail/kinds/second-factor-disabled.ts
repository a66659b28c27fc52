/** Tells the owner of an account that signing in takes no code any more. */
import { securityNotice } from "../security-notice.ts";

export const secondFactorDisabled = securityNotice({
  template: "second_factor_disabled",
  subject: "Signing in takes your password alone",
  paragraph: "the second factor of your account was taken away. If it was not you, choose another password now:",
});
