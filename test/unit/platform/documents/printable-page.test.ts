import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { markup } from "../../../../platform/documents/markup.ts";
import { renderPage } from "../../../../platform/documents/printable-page.ts";

const HOSTILE = `</title></style><script>alert(1)</script><img src=x onerror='alert(1)'>"&`;

test("a value is text, whatever it looks like", () => {
  expect(String(markup`<p title="${HOSTILE}">${HOSTILE}</p>`)).not.toMatch(/<(?!\/?p\b)/);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(String(markup`${text}`)).not.toMatch(/[<>"']/);
    }),
  );
});

test("what only looks like a piece of a page is text, too", () => {
  const piece = { toString: () => "<b>" };
  expect(String(markup`${JSON.parse(JSON.stringify([]))}`)).toBe("");
  expect(String(markup`${`${piece}`}`)).toBe("&lt;b&gt;");
});

test("pieces stand in pieces as they are, and nothing stands for nothing", () => {
  const items = ["a", "<"].map((text) => markup`<li>${text}</li>`);
  expect(String(markup`<ul>${items}</ul>${null}`)).toBe("<ul><li>a</li><li>&lt;</li></ul>");
});

test("a page may load its own style and nothing else", () => {
  const style = "p { color: red }";
  const { status, html, policy } = renderPage({ status: 200, title: HOSTILE, style, body: markup`<p>x</p>` });
  expect(status).toBe(200);
  expect(policy.split("; ")).toEqual([
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  ]);
  expect(html).toContain(`<style>${style}</style>`);
  expect(html).not.toContain("<script");
});
