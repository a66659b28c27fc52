/**
 * Begins signing in at the provider of the organisation whose domain an address is in. The browser keeps a secret, so
 * that the answer counts for whoever asked and for nobody whom they send it to.
 */
import { randomNonce, randomPKCECodeVerifier } from "openid-client";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import { mailDomainOf } from "../../../../platform/validation/email-address.ts";
import type { ProviderSignInBeginInput } from "../../../../schema/generated/user.ts";
import { mintBrowserSecret } from "../../credentials/browser-secret.ts";
import { mintToken, PROVIDER_STATE } from "../../credentials/opaque-token.ts";
import { findProviderOf, providerClient } from "../../providers/provider-client.ts";
import type { UserServices } from "../../services.ts";
import { insertProviderSignIn } from "../../store/identity-providers.ts";
import { findOwnerOfDomain } from "../../store/organization-domains.ts";

/** How long somebody may be at the provider. */
const ATTEMPT_MS = 10 * 60_000;

export interface BegunSignIn {
  readonly url: string;
  readonly secret: string;
}

/** @throws UserFailure `NOT_FOUND`. @throws AppError `SERVICE_UNAVAILABLE` when the provider does not answer */
export async function beginProviderSignIn(
  services: UserServices,
  { email }: ProviderSignInBeginInput,
): Promise<BegunSignIn> {
  const { database, clock, providers } = services;
  const organizationId = await findOwnerOfDomain(database.autocommit, mailDomainOf(email));
  const provider = organizationId === undefined ? undefined : await findProviderOf(services, organizationId);
  if (provider === undefined) {
    throw refuse("NOT_FOUND", "No organisation has a sign-in of its own for this address.", "email");
  }
  const { token: state, hash: stateHash } = mintToken(PROVIDER_STATE, provider.organizationId);
  const { secret, hash: secretHash } = mintBrowserSecret();
  const attempt = { nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() };
  const url = await providers
    .authorizationUrl(providerClient(services, provider), { state, ...attempt }, email)
    .catch((cause: unknown) => {
      throw new AppError("SERVICE_UNAVAILABLE", "Your organisation's sign-in does not answer: try again shortly.", {
        cause,
      });
    });
  const now = clock.now();
  await inTenants(database, [provider.organizationId], (tx) =>
    insertProviderSignIn(
      tx,
      {
        ...{ stateHash, organizationId: provider.organizationId, secretHash, ...attempt },
        expiresAt: new Date(now.getTime() + ATTEMPT_MS),
      },
      now,
    ),
  );
  return { url, secret };
}
