/**
 * A mail's words: plain text, and the same as simple HTML. Names come from users: they are escaped, and nothing in them
 * becomes a link. The only link of a mail is ours.
 */

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface MailParts {
  readonly subject: string;
  readonly greeting: string;
  readonly paragraphs: readonly string[];
  readonly link?: { readonly label: string; readonly url: string };
  readonly footnote?: string;
}

export function mailText({ link, ...parts }: MailParts): MailText {
  const { subject, greeting, paragraphs, footnote } = unlinkedParts(parts);
  const lines = [
    greeting,
    ...paragraphs,
    ...(link === undefined ? [] : [link.url]),
    ...(footnote === undefined ? [] : [footnote]),
  ];
  const html = [
    ...[greeting, ...paragraphs].map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    ...(link === undefined ? [] : [`<p><a href="${escapeHtml(link.url)}">${escapeHtml(link.label)}</a></p>`]),
    ...(footnote === undefined ? [] : [`<p><small>${escapeHtml(footnote)}</small></p>`]),
  ];
  return { subject, text: `${lines.join("\n\n")}\n`, html: html.join("\n") };
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function unlinkedParts({ subject, greeting, paragraphs, footnote }: Omit<MailParts, "link">): Omit<MailParts, "link"> {
  return {
    subject: unlinked(subject),
    greeting: unlinked(greeting),
    paragraphs: paragraphs.map(unlinked),
    ...(footnote === undefined ? {} : { footnote: unlinked(footnote) }),
  };
}

/** Mail programs make a link of what looks like an address. A space behind each dot and colon leaves none. */
function unlinked(text: string): string {
  return text.replaceAll(/[.:。．｡](?=\S)/gu, "$& ");
}
