/** What access tokens say of the installation: whoever issues them and whoever verifies them must agree (RFC 9068). */
import { z } from "zod";

export const accessTokenSettings = {
  TOKEN_ISSUER: z.string().min(1).default("https://tributary.local").describe("`iss` of access tokens"),
  TOKEN_AUDIENCE: z.string().min(1).default("tributary").describe("`aud` of access tokens"),
};
