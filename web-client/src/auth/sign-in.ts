import { constraints, SignInDocument, type UserErrorFieldsFragment } from "../../../schema/generated/operations.ts";
import { sendOperation } from "../graphql/send-operation.ts";
import { deviceName } from "./device-name.ts";
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
  const device = deviceName(navigator.userAgent).slice(0, constraints.device.max);
  const { data, errors } = await sendOperation(SignInDocument, { input: { ...credentials, device } });
  const payload = data?.sessionCreate;
  if (payload === undefined) throw new Error(errors?.[0]?.message ?? "the gateway gave no answer");
  if (payload.session && payload.tokens) session.adopt(payload.session, payload.tokens);
  return { userErrors: payload.userErrors, passkeyOptions: payload.passkeyOptions ?? null };
}
