import { SignInDocument, type UserErrorFieldsFragment } from "../../../schema/generated/operations.ts";
import { requirePayload } from "../graphql/require-payload.ts";
import { sendOperation } from "../graphql/send-operation.ts";
import { thisDevice } from "./device-name.ts";
import type { SessionManager } from "./session.ts";

export interface Credentials {
  readonly email: string;
  readonly password: string;
  /** Of a second factor. */
  readonly code?: string;
  /** The answer of one, as JSON. */
  readonly passkey?: unknown;
}

export interface SignInOutcome {
  /** What was refused; nothing when the session was taken up. */
  readonly userErrors: readonly UserErrorFieldsFragment[];
  /** For `askForPasskey`; null: no passkey would help. */
  readonly passkeyOptions: unknown;
}

/** Signs in on this device. @throws Error when nobody answered */
export async function signIn(session: Pick<SessionManager, "adopt">, credentials: Credentials): Promise<SignInOutcome> {
  const answer = await sendOperation(SignInDocument, { input: { ...credentials, device: thisDevice() } });
  const payload = requirePayload(answer, ({ sessionCreate }) => sessionCreate);
  if (payload.session && payload.tokens) session.adopt(payload.session, payload.tokens);
  return { userErrors: payload.userErrors, passkeyOptions: payload.passkeyOptions ?? null };
}
