/** The access token of a request, as its `Authorization` header carries it. */

/** @returns `undefined` for anything but `Bearer <token>` */
export function bearerOf(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
}
