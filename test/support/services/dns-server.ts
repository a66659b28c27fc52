// A DNS server that knows the TXT records of a test, and no others.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decode, encode } from "dns-packet";

export interface DnsServer {
  /** For `DNS_SERVERS`. */
  readonly address: string;
  /** Values by name. */
  readonly records: Map<string, readonly string[]>;
  stop(): Promise<void>;
}

/** Of flags and codes of answers: RFC 1035, section 4.1.1. */
const AUTHORITATIVE = 0x0400;
const NO_SUCH_NAME = 0x0003;

export async function startDnsServer(): Promise<DnsServer> {
  const records = new Map<string, readonly string[]>();
  const socket = createSocket("udp4");
  socket.on("message", (message, { port, address }) => {
    const { id = 0, questions = [] } = decode(message);
    const answers = questions.flatMap(({ name, type }) =>
      type === "TXT"
        ? (records.get(name.toLowerCase()) ?? []).map((data) => ({ name, type: "TXT" as const, data }))
        : [],
    );
    const flags = AUTHORITATIVE | (answers.length === 0 ? NO_SUCH_NAME : 0);
    socket.send(encode({ type: "response", id, flags, questions, answers }), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    async stop() {
      socket.close();
      await once(socket, "close");
    },
  };
}
