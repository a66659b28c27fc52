/**
 * A page that is whole in itself: no script, no picture, nothing that is loaded. Its policy allows exactly its own
 * style, so that even markup that got in could do nothing.
 */
import { createHash } from "node:crypto";
import { type Markup, markup } from "./markup.ts";

export interface PrintablePage {
  /** 200; 403, 404 or 410 for a page that says why there is no document. */
  readonly status: number;
  readonly title: string;
  /** CSS of ours. */
  readonly style: string;
  readonly body: Markup;
}

/** As it is sent. */
export interface WrittenPage {
  readonly status: number;
  readonly html: string;
  /** `Content-Security-Policy`: what the page may load, which is its own style. */
  readonly policy: string;
}

const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function renderPage({ status, title, style, body }: PrintablePage): WrittenPage {
  const head = markup`<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>`;
  const html = `<!doctype html>
<html lang="en">
<head>
${head}
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
  const hash = createHash("sha256").update(style).digest("base64");
  return { status, html, policy: `${POLICY}; style-src 'sha256-${hash}'` };
}
