/** Tells the owner of an account that a passkey was taken away. */
import { securityNotice } from "../security-notice.ts";

export const passkeyRemoved = securityNotice({
  template: "passkey_removed",
  subject: "A passkey was taken away from your account",
  paragraph: "a passkey of your account was taken away. If it was not you, choose another password now:",
});
