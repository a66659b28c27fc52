/**
 * The mails' words: plain text, and the same as simple HTML. Names come from users: they are escaped, and never used as
 * links.
 */

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

interface MailParts {
  readonly subject: string;
  readonly greeting: string;
  readonly paragraphs: readonly string[];
  readonly link?: { readonly label: string; readonly url: string };
  readonly footnote?: string;
}

export function verificationMail(displayName: string, url: string): MailText {
  return render({
    subject: "Confirm your e-mail address",
    greeting: `Hello ${displayName},`,
    paragraphs: ["welcome to Tributary. Confirm your e-mail address to sign in:"],
    link: { label: "Confirm e-mail address", url },
    footnote: "The link works once, for 24 hours. If you did not open an account, ignore this mail.",
  });
}

export function welcomeMail(displayName: string, url: string): MailText {
  return render({
    subject: "Welcome to Tributary",
    greeting: `Hello ${displayName},`,
    paragraphs: ["your e-mail address is confirmed. You can sign in now and create your first organisation:"],
    link: { label: "Sign in", url },
  });
}

export function accountExistsMail(displayName: string, url: string): MailText {
  return render({
    subject: "You already have an account",
    greeting: `Hello ${displayName},`,
    paragraphs: [
      "somebody, probably you, tried to open an account with this address. It has one already: sign in instead.",
    ],
    link: { label: "Sign in", url },
    footnote: "If it was not you, there is nothing to do: nothing was changed.",
  });
}

export function invitationMail(organizationName: string, inviterName: string, url: string): MailText {
  return render({
    subject: `Invitation to ${organizationName}`,
    greeting: "Hello,",
    paragraphs: [`${inviterName} invites you to ${organizationName} on Tributary.`],
    link: { label: "Accept the invitation", url },
    footnote: "The invitation is valid for 7 days and for this e-mail address only.",
  });
}

function render({ subject, greeting, paragraphs, link, footnote }: MailParts): MailText {
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
