// An authenticator in memory (WebAuthn): it makes ES256 keys without attestation and signs what it is asked to. Each of
// its answers can be bent, to see that a bent one is refused.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { encodeCBOR } from "@levischuck/tiny-cbor";

/** The part of the options that an authenticator and its browser read. */
export interface PasskeyOptions {
  readonly challenge: string;
  readonly rp?: { readonly id?: string };
  readonly rpId?: string;
  readonly allowCredentials?: readonly { readonly id: string }[];
}

export interface Bend {
  /** Of the page that asked. */
  readonly origin?: string;
  /** Of the site that the key is for. */
  readonly rpId?: string;
  readonly challenge?: string;
  /** What the counter shows. */
  readonly counter?: number;
  /** Was the person there? */
  readonly present?: boolean;
}

interface Key {
  readonly id: string;
  readonly privateKey: KeyObject;
  counter: number;
}

const PRESENT = 0x01;
const HAS_KEY = 0x40;
const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest();

export function createAuthenticator(origin: string) {
  const keys: Key[] = [];

  const clientData = (type: string, { challenge }: PasskeyOptions, bend: Bend) =>
    Buffer.from(
      JSON.stringify({
        type,
        challenge: bend.challenge ?? challenge,
        origin: bend.origin ?? origin,
        crossOrigin: false,
      }),
    );

  function header(rpId: string, flags: number, counter: number, bend: Bend): Buffer {
    const counted = Buffer.alloc(4);
    counted.writeUInt32BE(bend.counter ?? counter);
    const shown = bend.present === false ? flags & ~PRESENT : flags;
    return Buffer.concat([sha256(bend.rpId ?? rpId), Buffer.from([shown]), counted]);
  }

  return {
    /** What `navigator.credentials.create` gives, as JSON. */
    create(options: PasskeyOptions, bend: Bend = {}) {
      const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const { x = "", y = "" } = publicKey.export({ format: "jwk" });
      const rawId = randomBytes(16);
      const key = { id: rawId.toString("base64url"), privateKey, counter: 1 };
      keys.push(key);
      const cose = encodeCBOR(
        new Map<number, number | Uint8Array>([
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, Uint8Array.from(Buffer.from(x, "base64url"))],
          [-3, Uint8Array.from(Buffer.from(y, "base64url"))],
        ]),
      );
      const made = Buffer.concat([Buffer.alloc(16), Buffer.from([0, rawId.length]), rawId, Buffer.from(cose)]);
      const authData = Buffer.concat([header(options.rp?.id ?? "", PRESENT | HAS_KEY, key.counter, bend), made]);
      const attestation = encodeCBOR(
        new Map<string, string | Map<string, string> | Uint8Array>([
          ["fmt", "none"],
          ["attStmt", new Map()],
          ["authData", Uint8Array.from(authData)],
        ]),
      );
      return {
        ...{ id: key.id, rawId: key.id, type: "public-key", clientExtensionResults: {} },
        response: {
          clientDataJSON: clientData("webauthn.create", options, bend).toString("base64url"),
          attestationObject: Buffer.from(attestation).toString("base64url"),
          transports: ["internal"],
        },
      };
    },

    /** What `navigator.credentials.get` gives, as JSON: by the first key that is allowed, or else the first one. */
    get(options: PasskeyOptions, bend: Bend = {}) {
      const allowed = new Set((options.allowCredentials ?? []).map(({ id }) => id));
      const key = keys.find(({ id }) => allowed.has(id)) ?? keys[0];
      if (key === undefined) throw new Error("this authenticator has no key");
      key.counter += 1;
      const authenticatorData = header(options.rpId ?? "", PRESENT, key.counter, bend);
      const clientDataJSON = clientData("webauthn.get", options, bend);
      const signed = Buffer.concat([authenticatorData, sha256(clientDataJSON)]);
      return {
        ...{ id: key.id, rawId: key.id, type: "public-key", clientExtensionResults: {} },
        response: {
          clientDataJSON: clientDataJSON.toString("base64url"),
          authenticatorData: authenticatorData.toString("base64url"),
          signature: sign("sha256", signed, key.privateKey).toString("base64url"),
        },
      };
    },
  };
}
