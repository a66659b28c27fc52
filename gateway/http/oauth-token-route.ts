/**
 * `POST /oauth/token`: access tokens for programs, by the client credentials of OAuth 2 (RFC 6749, section 4.4). The
 * client's id and secret are an API key's, in the `Authorization` header (`Basic`) or in the body.
 */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ClientRefusal, TokenService } from "../../platform/auth/token-service.ts";
import { readTokenRequest, type TokenRequestFault } from "./oauth-token-request.ts";

const MAX_BYTES = 8 * 1024;
const FORM = "application/x-www-form-urlencoded";

type Fault = TokenRequestFault | ClientRefusal;

const DESCRIPTIONS: Readonly<Record<Fault, string>> = {
  invalid_request: `Send ${FORM} with each parameter once, and the client's id and secret in one way.`,
  invalid_client: "The client is not known, or its secret is not good.",
  invalid_scope: "The scope names a permission that the API key was not given.",
  unsupported_grant_type: "The grant type has to be client_credentials.",
};

/** @param before adds what happens to a call before its body is read */
export function registerTokenEndpoint(
  server: FastifyInstance,
  { clientToken }: Pick<TokenService, "clientToken">,
  before?: (scope: FastifyInstance) => void,
): void {
  server.register(async (scope) => {
    before?.(scope);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(FORM, { parseAs: "string" }, (_request, body, done) => done(null, body));
    scope.addContentTypeParser("*", { parseAs: "string" }, (_request, _body, done) => done(null, undefined));
    scope.post("/oauth/token", { bodyLimit: MAX_BYTES }, async ({ headers, body }, reply) => {
      const asked = readTokenRequest(headers.authorization, typeof body === "string" ? body : undefined);
      if (asked.fault !== undefined) return refuse(reply, asked.fault, headers.authorization);
      const { token, refused } = await clientToken(asked.credentials);
      if (refused !== undefined) return refuse(reply, refused, headers.authorization);
      return reply.header("cache-control", "no-store").send({
        access_token: token.accessToken,
        token_type: "Bearer",
        expires_in: token.expiresIn,
        scope: token.scope.join(" "),
      });
    });
  });
}

/** RFC 6749, section 5.2. */
function refuse(reply: FastifyReply, error: Fault, authorization: string | undefined): FastifyReply {
  reply.header("cache-control", "no-store").status(error === "invalid_client" ? 401 : 400);
  if (error === "invalid_client" && authorization !== undefined) {
    reply.header("www-authenticate", 'Basic realm="Tributary", charset="UTF-8"');
  }
  return reply.send({ error, error_description: DESCRIPTIONS[error] });
}
