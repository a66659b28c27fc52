/** Whether this browser can ask for passkeys as the server writes its questions. */
export function canAskForPasskeys(): boolean {
  return typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/**
 * Asks the authenticators of this device.
 * @param options `PublicKeyCredentialRequestOptions` as JSON
 * @returns the answer as JSON
 * @throws DOMException when the user turns it down, or has no such passkey here
 */
export async function askForPasskey(options: unknown): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON);
  const credential = await navigator.credentials.get({ publicKey });
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("there was no passkey", "NotAllowedError");
  return credential.toJSON();
}
