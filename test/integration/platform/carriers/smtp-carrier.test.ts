// One mail over a real socket: taken for good, refused for now, or refused for good.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { SMTPServer } from "smtp-server";
import { expect, onTestFinished, test } from "vitest";
import { createSmtpCarrier } from "../../../../platform/carriers/smtp-carrier.ts";

/** Answers each recipient with the code that its local part says; 250 takes it. */
async function codesServer() {
  const heads: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    authOptional: true,
    onAuth: (_auth, _session, done) => done(Object.assign(new Error("wrong password"), { responseCode: 535 })),
    onRcptTo({ address }, _session, done) {
      const code = Number.parseInt(address, 10);
      done(code === 250 ? null : Object.assign(new Error("not this one"), { responseCode: code }));
    },
    onData(stream, _session, done) {
      stream.on("data", (chunk) => heads.push(String(chunk))).once("end", () => done(null, "queued as 7"));
    },
  });
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(() => void server.close());
  server.on("error", () => undefined);
  const { port } = listening.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, heads };
}

function carrierTo(smtpUrl: string) {
  const carrier = createSmtpCarrier({ smtpUrl, from: "Tributary <no-reply@test.example>" });
  onTestFinished(() => carrier.close());
  return carrier;
}

const mail = (to: string) => ({
  id: "eml_1",
  to,
  subject: "Hello",
  text: "Hello",
  html: "<p>Hello</p>",
  language: "en",
});

test("a mail that the server takes is taken for good, with what the server said and an id of ours [S75]", async () => {
  const { host, heads } = await codesServer();
  expect(await carrierTo(`smtp://${host}`).send(mail("250@example.com"))).toBe("250 queued as 7");
  expect(heads.join("")).toContain("Message-ID: <eml_1@test.example>");
});

test.each([
  ["550", true],
  ["553", true],
  ["451", false],
])("an answer %s refuses a mail for good: %s [S75]", async (code, permanent) => {
  const { host } = await codesServer();
  const sending = carrierTo(`smtp://${host}`).send(mail(`${code}@example.com`));
  await expect(sending).rejects.toMatchObject({
    name: "CarrierFailure",
    message: `The mail was not sent, mail server: answer ${code}.`,
    permanent,
  });
});

test("a password of ours that is wrong, and a server that is away, are no fault of the mail", async () => {
  const { host } = await codesServer();
  const unknown = carrierTo(`smtp://ada:wrong@${host}`).send(mail("250@example.com"));
  await expect(unknown).rejects.toMatchObject({ name: "CarrierFailure", permanent: false });
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const away = carrierTo(`smtp://127.0.0.1:${port}`).send(mail("250@example.com"));
  await expect(away).rejects.toMatchObject({ permanent: false, message: expect.stringContaining("ESOCKET") });
});

test("a mail to nobody is refused for good, and no server sees it", async () => {
  const { host, heads } = await codesServer();
  const sending = carrierTo(`smtp://${host}`).send(mail(""));
  await expect(sending).rejects.toMatchObject({ name: "CarrierFailure", permanent: true });
  expect(heads).toEqual([]);
});
