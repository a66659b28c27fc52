// The page's own script, run as a browser would: what Apollo Sandbox is told.
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { z } from "zod";
import { sandboxPage } from "../../../../gateway/http/sandbox-page.ts";

/** Options of @apollo/sandbox 2.7.4 by which it refuses to start. */
const optionsSchema = z.strictObject({
  target: z.string(),
  initialEndpoint: z.string(),
  initialSubscriptionEndpoint: z.string(),
  endpointIsEditable: z.boolean(),
  runTelemetry: z.boolean(),
  hideCookieToggle: z.boolean(),
  initialState: z.strictObject({
    document: z.string(),
    includeCookies: z.boolean(),
    pollForSchemaUpdates: z.boolean(),
  }),
});

function openPage(document: string, href: string) {
  const { html, headers } = sandboxPage(document);
  const script = /<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? "";
  let given: unknown;
  class EmbeddedSandbox {
    constructor(options: unknown) {
      given = options;
    }
  }
  const element = { remove: () => undefined };
  runInNewContext(script, {
    window: { EmbeddedSandbox },
    document: { getElementById: () => element },
    location: { href },
    URL,
  });
  return { options: optionsSchema.parse(given), headers, html };
}

test("the explorer sends no telemetry and asks this gateway alone", () => {
  const { options } = openPage("{ __typename }", "https://api.example/graphql");
  expect(options).toEqual({
    target: "#sandbox",
    initialEndpoint: "https://api.example/graphql",
    initialSubscriptionEndpoint: "wss://api.example/graphql",
    endpointIsEditable: false,
    runTelemetry: false,
    hideCookieToggle: true,
    initialState: { document: "{ __typename }", includeCookies: false, pollForSchemaUpdates: false },
  });
});

test("on plain HTTP, sockets are plain as well", () => {
  const { options } = openPage("{ a }", "http://127.0.0.1:4000/graphql?a=b#c");
  expect(options.initialSubscriptionEndpoint).toBe("ws://127.0.0.1:4000/graphql");
});

test("a document cannot break out of the page's script", () => {
  const document = '# </script><script>alert(1)</script> \u2028 "quotes" `ticks`\n{ a }';
  const { options, html } = openPage(document, "http://127.0.0.1:4000/graphql");
  expect(options.initialState.document).toBe(document);
  expect(html.match(/<script>/g)).toHaveLength(1);
});

test("the page may load and frame the explorer's two addresses and nothing else", () => {
  const policy = sandboxPage("{ a }").headers["content-security-policy"];
  expect(policy).toContain("https://embeddable-sandbox.cdn.apollographql.com");
  expect(policy).toContain("frame-src https://sandbox.embed.apollographql.com");
  expect(policy).toContain("default-src 'none'");
});
