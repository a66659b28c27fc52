import {
  BeginProviderSignInDocument,
  CompleteProviderSignInDocument,
  constraints,
  type UserErrorFieldsFragment,
} from "../../../schema/generated/operations.ts";
import { sendOperation } from "../graphql/send-operation.ts";
import { deviceName } from "./device-name.ts";
import type { SessionManager } from "./session.ts";

/** In the session storage: the answer counts in the window that asked, and nowhere else. */
const SECRET = "tributary.provider-sign-in";

/**
 * Asks where the people of an address sign in.
 * @returns where to go, or what was refused
 * @throws Error when nobody answered
 */
export async function beginProviderSignIn(
  email: string,
): Promise<{ readonly url: string | null; readonly userErrors: readonly UserErrorFieldsFragment[] }> {
  const { data, errors } = await sendOperation(BeginProviderSignInDocument, { input: { email } });
  const payload = data?.providerSignInBegin;
  if (payload === undefined) throw new Error(errors?.[0]?.message ?? "the gateway gave no answer");
  const { url, secret, userErrors } = payload;
  if (secret !== null) sessionStorage.setItem(SECRET, secret);
  return { url, userErrors };
}

/**
 * Signs in with what the provider sent the user back with.
 * @param query of the address of this page
 * @returns what was refused; nothing when the session was taken up
 * @throws Error when nobody answered
 */
export async function completeProviderSignIn(
  session: Pick<SessionManager, "adopt">,
  query: string,
): Promise<readonly UserErrorFieldsFragment[]> {
  const secret = sessionStorage.getItem(SECRET) ?? "";
  sessionStorage.removeItem(SECRET);
  const device = deviceName(navigator.userAgent).slice(0, constraints.device.max);
  const { data, errors } = await sendOperation(CompleteProviderSignInDocument, { input: { query, secret, device } });
  const payload = data?.providerSignInComplete;
  if (payload === undefined) throw new Error(errors?.[0]?.message ?? "the gateway gave no answer");
  if (payload.session && payload.tokens) session.adopt(payload.session, payload.tokens);
  return payload.userErrors;
}
