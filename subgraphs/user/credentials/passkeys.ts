/**
 * What authenticators are asked, and whether their answers are good (WebAuthn, https://www.w3.org/TR/webauthn-3/), by
 * the library SimpleWebAuthn. What it cannot read or does not believe is no answer: nothing here says why.
 */
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import { z } from "zod";
import type { Passkey } from "../domain/passkey.ts";
import type { User } from "../domain/user.ts";

/** The site that passkeys belong to: they work nowhere else. */
export interface RelyingParty {
  /** Its domain. */
  readonly id: string;
  /** The one origin whose pages may use them. */
  readonly origin: string;
}

/** Loaded at its first use: that takes a fifth of a second, and most processes never need it. */
const library = () => import("@simplewebauthn/server");

const NAME = "Tributary";
/** EdDSA, ES256 and RS256: every authenticator has one of them (https://www.iana.org/assignments/cose). */
const ALGORITHMS = [-8, -7, -257];
/** The only host without a certificate for which browsers make passkeys; an IP address is no domain. */
const LOOPBACK = "localhost";

/** @param webClientUrl where the web client is served */
export function relyingPartyOf(webClientUrl: string): RelyingParty {
  const url = new URL(webClientUrl);
  if (url.hostname === "127.0.0.1" || url.hostname === "[::1]") url.hostname = LOOPBACK;
  return { id: url.hostname, origin: url.origin };
}

/** How browsers reach authenticators (https://www.w3.org/TR/webauthn-3/#enum-transport). */
const transport = z.enum(["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"]);
type Transport = z.infer<typeof transport>;
type Described = Pick<Passkey, "credentialId" | "transports">;

/** Those that this release knows: the list grows, and is a hint to browsers only. */
function known(transports: readonly string[]): Transport[] {
  return transports.flatMap((name) => transport.safeParse(name).data ?? []);
}

const descriptorsOf = (passkeys: readonly Described[]) =>
  passkeys.map(({ credentialId: id, transports }) => ({ id, transports: known(transports) }));

/** What `navigator.credentials.create` takes. @param existing no authenticator makes a second one */
export async function creationOptions(
  { id: rpID }: RelyingParty,
  { id, email, displayName }: Pick<User, "id" | "email" | "displayName">,
  existing: readonly Described[],
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { generateRegistrationOptions } = await library();
  return generateRegistrationOptions({
    rpName: NAME,
    rpID,
    userID: new TextEncoder().encode(id),
    userName: email,
    userDisplayName: displayName,
    attestationType: "none",
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: descriptorsOf(existing),
    // The password is the first factor: who holds the authenticator need not show more.
    authenticatorSelection: { residentKey: "discouraged", userVerification: "preferred" },
  });
}

/** What `navigator.credentials.get` takes. */
export async function requestOptions(
  { id: rpID }: RelyingParty,
  passkeys: readonly Described[],
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { generateAuthenticationOptions } = await library();
  return generateAuthenticationOptions({
    rpID,
    allowCredentials: descriptorsOf(passkeys),
    userVerification: "preferred",
  });
}

const text = z.string().max(20_000);
const credential = { id: text, rawId: text, type: z.literal("public-key") };

const creation = z
  .object({
    ...credential,
    response: z.object({
      clientDataJSON: text,
      attestationObject: text,
      transports: z.array(z.string().max(32)).max(10).default([]).transform(known),
    }),
  })
  .transform((answer): RegistrationResponseJSON => ({ ...answer, clientExtensionResults: {} }));

const assertion = z
  .object({
    ...credential,
    response: z.object({ clientDataJSON: text, authenticatorData: text, signature: text }),
  })
  .transform((answer): AuthenticationResponseJSON => ({ ...answer, clientExtensionResults: {} }));

export type NewCredential = Pick<Passkey, "credentialId" | "publicKey" | "counter" | "transports">;

/** A challenge that was signed, and what the answer brought. */
export interface Signed<What> {
  /** Taken once, or the answer is a copy. */
  readonly challenge: string;
  readonly what: What;
}

/**
 * Notes which challenge was signed while the library judges an answer. Whether it is one of ours is for the caller.
 * @returns `undefined` for an answer that is not good, also for one that the library throws about
 */
async function signedBy<What>(
  judge: (expectedChallenge: (challenge: string) => boolean) => Promise<What | undefined>,
): Promise<Signed<What> | undefined> {
  let challenge: string | undefined;
  const note = (given: string) => {
    challenge = given;
    return true;
  };
  const what = await judge(note).catch(() => undefined);
  return challenge === undefined || what === undefined ? undefined : { challenge, what };
}

/** @param answer what `navigator.credentials.create` gave, as JSON */
export async function readCreation(
  { id, origin }: RelyingParty,
  answer: unknown,
): Promise<Signed<NewCredential> | undefined> {
  const parsed = creation.safeParse(answer);
  if (!parsed.success) return undefined;
  const { verifyRegistrationResponse } = await library();
  return signedBy(async (expectedChallenge) => {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      ...{ response: parsed.data, expectedChallenge, expectedOrigin: origin, expectedRPID: id },
      requireUserVerification: false,
    });
    if (!verified) return undefined;
    const { id: credentialId, publicKey, counter, transports = [] } = registrationInfo.credential;
    return { credentialId, publicKey, counter: BigInt(counter), transports };
  });
}

/** A passkey that signed, and what its counter shows now. */
export interface UsedPasskey {
  readonly passkey: Passkey;
  readonly counter: bigint;
}

/**
 * @param answer what `navigator.credentials.get` gave, as JSON
 * @param passkeys of which one is to have signed
 */
export async function readAssertion(
  { id, origin }: RelyingParty,
  answer: unknown,
  passkeys: readonly Passkey[],
): Promise<Signed<UsedPasskey> | undefined> {
  const response = assertion.safeParse(answer).data;
  const passkey = passkeys.find(({ credentialId }) => credentialId === response?.id);
  if (response === undefined || passkey === undefined) return undefined;
  const { credentialId, publicKey, counter, transports } = passkey;
  const { verifyAuthenticationResponse } = await library();
  return signedBy(async (expectedChallenge) => {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      ...{ response, expectedChallenge, expectedOrigin: origin, expectedRPID: id },
      credential: { id: credentialId, publicKey, counter: Number(counter), transports: known(transports) },
      requireUserVerification: false,
    });
    return verified ? { passkey, counter: BigInt(authenticationInfo.newCounter) } : undefined;
  });
}
