/**
 * What a browser gets at `/graphql`: Apollo Sandbox, pointed at this gateway's HTTP and WebSocket addresses and at no
 * others. Its code comes from Apollo's CDN; where that cannot be reached, the page says so and goes to the bundled
 * GraphiQL. Options are those of
 * @apollo/sandbox 2.7.4
 * (https://github.com/apollographql/embeddable-explorer/blob/main/packages/sandbox/src/EmbeddedSandbox.ts).
 */
import { pageHeaders, scriptHash, scriptJson } from "./html.ts";

const CDN = "https://embeddable-sandbox.cdn.apollographql.com";
const SCRIPT = `${CDN}/_latest/embeddable-sandbox.umd.production.min.js`;

export interface SandboxPage {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param document the operations to start with */
export function sandboxPage(document: string): SandboxPage {
  const script = `
    const endpoint = new URL("/graphql", location.href);
    const socket = new URL(endpoint);
    socket.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";
    function offline() {
      document.getElementById("note").textContent =
        "Apollo Sandbox could not be loaded from Apollo's servers. Opening the built-in GraphiQL instead …";
      setTimeout(() => location.replace("/graphiql"), 1500);
    }
    if (window.EmbeddedSandbox === undefined) offline();
    else {
      document.getElementById("note").remove();
      new window.EmbeddedSandbox({
        target: "#sandbox",
        initialEndpoint: endpoint.href,
        initialSubscriptionEndpoint: socket.href,
        endpointIsEditable: false,
        runTelemetry: false,
        hideCookieToggle: true,
        initialState: { document: ${scriptJson(document)}, includeCookies: false, pollForSchemaUpdates: false },
      });
    }`;
  const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Tributary API</title>
    <style>
      html, body, #sandbox { height: 100%; margin: 0; }
      #sandbox iframe { border: 0; width: 100%; height: 100%; }
      #note { font: 1rem/1.5 system-ui, sans-serif; padding: 2rem; margin: 0; }
    </style>
  </head>
  <body>
    <p id="note" role="status">Loading Apollo Sandbox … <a href="/graphiql">Open the built-in GraphiQL</a></p>
    <div id="sandbox"></div>
    <script src="${SCRIPT}"></script>
    <script>${script}</script>
  </body>
</html>
`;
  const headers = pageHeaders({
    "default-src": "'none'",
    "script-src": `${scriptHash(script)} ${CDN}`,
    "style-src": "'unsafe-inline'",
    "img-src": "'self' data: https:",
    "connect-src": "'self' ws: wss:",
    "frame-src": "https://sandbox.embed.apollographql.com",
    "manifest-src": "'none'",
  });
  return { html, headers };
}
