/** Where to go after signing in: a path of this app, whatever a link says. */
export function safeNext(next: string | null): string {
  if (next === null || !next.startsWith("/")) return "/";
  // `//host` and `/\host` are other sites to a browser.
  return /^\/[/\\]/.test(next) ? "/" : next;
}
