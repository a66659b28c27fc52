/** Tells the owner of an account that a passkey was taken away. */
import { securityNotice } from "../security-notice.ts";

export const passkeyRemoved = securityNotice("passkey_removed");
