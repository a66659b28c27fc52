/** Tells the owner of an account that its password is another one. */
import { securityNotice } from "../security-notice.ts";

export const passwordChanged = securityNotice("password_changed");
