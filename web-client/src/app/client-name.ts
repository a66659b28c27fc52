/** What this program calls itself to gateways, who count by it. */

// Put in by the build.
declare const CLIENT_VERSION: string;

export const clientName = { name: "tributary-web", version: CLIENT_VERSION };

/** The same as headers, which a socket's first message carries, too. */
export const clientNameHeaders: Readonly<Record<string, string>> = {
  "apollographql-client-name": clientName.name,
  "apollographql-client-version": clientName.version,
};
