/** Tells the owner of an account that signing in takes a code from now on. */
import { securityNotice } from "../security-notice.ts";

export const secondFactorEnabled = securityNotice({
  template: "second_factor_enabled",
  subject: "Signing in takes a second factor now",
  paragraph:
    "signing in to your account takes a code of your authenticator app from now on. If it was not you, choose another password now, and ask those who run this platform to take the app away:",
});
