/** Tells the owner of an account that a passkey was added. */
import { securityNotice } from "../security-notice.ts";

export const passkeyAdded = securityNotice("passkey_added");
