/** What a token begins with that is an API key: all other bearer tokens are access tokens of sessions. */
export const API_KEY_TOKEN_PREFIX = "trk";

/** Whether a bearer token is an API key. It says nothing about whether the key is good. */
export function isApiKeyToken(token: string): boolean {
  return token.startsWith(`${API_KEY_TOKEN_PREFIX}_`);
}
