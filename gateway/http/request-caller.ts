/** Who calls, as a request says it. */
import type { FastifyRequest } from "fastify";
import type { ClientFacts } from "../../platform/auth/identity.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import { headerText } from "../../platform/validation/text/header-text.ts";
import { bearerOf } from "./bearer-token.ts";

/** @throws AppError `UNAUTHENTICATED` for any scheme but Bearer: a wrong header is no anonymous caller */
export function bearerToken(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const token = bearerOf(header);
  if (token === undefined) {
    throw new AppError("UNAUTHENTICATED", "Send the access token as `Authorization: Bearer <token>`.");
  }
  return token;
}

export function clientOf(request: FastifyRequest): ClientFacts {
  const userAgent = headerText(request.headers["user-agent"]);
  return { ip: request.ip, ...(userAgent === undefined ? {} : { userAgent }) };
}
