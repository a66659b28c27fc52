/**
 * Sends mails over SMTP. A send that resolves was accepted by the mail server; every wait is bounded, so that a silent
 * server costs seconds and not a worker.
 */
import { createTransport } from "nodemailer";
import { type Carrier, CarrierFailure } from "./carrier.ts";

export interface Mail {
  /** Makes the `Message-ID`: a mail that is sent again has the same, so mail systems can drop the copy. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** As a tag (BCP 47). */
  readonly language: string;
  /** Where mail programs end mails of this kind by one click (RFC 8058); absent: they cannot be ended. */
  readonly unsubscribeUrl?: string | undefined;
}

export interface SmtpCarrierOptions {
  /** `smtp://user:password@host:port` or `smtps://…` */
  readonly smtpUrl: string;
  /** Sender, e.g. `Tributary <no-reply@example.com>`. */
  readonly from: string;
}

/** In milliseconds; their sum stays below the deadline of the consumers that send mails. */
const LIMITS = { dnsTimeout: 3_000, connectionTimeout: 3_000, greetingTimeout: 3_000, socketTimeout: 5_000 };

/** A mail that the server refuses with 5xx is refused for good (RFC 5321, 4.2.1). */
export function createSmtpCarrier({ smtpUrl, from }: SmtpCarrierOptions): Carrier<Mail> {
  const transport = createTransport({ url: smtpUrl, ...LIMITS, disableFileAccess: true, disableUrlAccess: true });
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? "localhost";
  return {
    name: "smtp",
    async send({ id, language, unsubscribeUrl, ...mail }) {
      const headers = {
        "Content-Language": language,
        ...(unsubscribeUrl === undefined ? {} : oneClick(unsubscribeUrl)),
      };
      try {
        const { response } = await transport.sendMail({ from, messageId: `<${id}@${domain}>`, headers, ...mail });
        return response;
      } catch (error) {
        throw toFailure(error);
      }
    },
    close: async () => transport.close(),
  };
}

/** https://www.rfc-editor.org/rfc/rfc8058 */
function oneClick(url: string) {
  return { "List-Unsubscribe": `<${url}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" };
}

function toFailure(error: unknown): CarrierFailure {
  const facts: { code?: unknown; responseCode?: unknown } = typeof error === "object" && error !== null ? error : {};
  const answer = typeof facts.responseCode === "number" ? facts.responseCode : undefined;
  const what = answer === undefined ? `no answer (${String(facts.code ?? "unknown reason")})` : `answer ${answer}`;
  // Without an answer, an envelope is refused before any server is asked.
  const permanent = answer === undefined ? facts.code === "EENVELOPE" : isPermanent(facts.code, answer);
  return new CarrierFailure(`The mail was not sent, mail server: ${what}.`, { permanent });
}

/** A wrong password of ours also is a 5xx: that is no fault of the mail. */
function isPermanent(code: unknown, answer: number): boolean {
  return code !== "EAUTH" && answer >= 500 && answer <= 599;
}
