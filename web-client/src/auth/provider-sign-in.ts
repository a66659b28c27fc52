import {
  BeginProviderSignInDocument,
  CompleteProviderSignInDocument,
  type UserErrorFieldsFragment,
} from "../../../schema/generated/operations.ts";
import { requirePayload } from "../graphql/require-payload.ts";
import { sendOperation } from "../graphql/send-operation.ts";
import { thisDevice } from "./device-name.ts";
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
  const answer = await sendOperation(BeginProviderSignInDocument, { input: { email } });
  const { url, secret, userErrors } = requirePayload(answer, ({ providerSignInBegin }) => providerSignInBegin);
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
  const input = { query, secret, device: thisDevice() };
  const answer = await sendOperation(CompleteProviderSignInDocument, { input });
  const payload = requirePayload(answer, ({ providerSignInComplete }) => providerSignInComplete);
  if (payload.session && payload.tokens) session.adopt(payload.session, payload.tokens);
  return payload.userErrors;
}
