/** The same address through another port, e.g. of a fault proxy or of a replica; absent: as it is. */
export function throughPort(url: string, port: number | undefined): string {
  if (port === undefined) return url;
  const address = new URL(url);
  address.port = String(port);
  return address.href;
}
