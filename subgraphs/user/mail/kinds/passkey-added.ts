/** Tells the owner of an account that a passkey was added. */
import { securityNotice } from "../security-notice.ts";

export const passkeyAdded = securityNotice({
  template: "passkey_added",
  subject: "A passkey was added to your account",
  paragraph:
    "signing in to your account can be completed with a new passkey from now on. If it was not you, choose another password now, and ask those who run this platform to take the passkey away:",
});
