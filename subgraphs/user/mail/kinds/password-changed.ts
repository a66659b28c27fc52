/** Tells the owner of an account that its password is another one. */
import { securityNotice } from "../security-notice.ts";

export const passwordChanged = securityNotice({
  template: "password_changed",
  subject: "Your password was changed",
  paragraph: "your account has a new password. If it was not you, choose another one now:",
});
