// A DNS server that knows the TXT and A records of a test, and no others.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type Answer, decode, encode } from "dns-packet";

export interface DnsServer {
  /** For `DNS_SERVERS`. */
  readonly address: string;
  /** Texts by name. */
  readonly records: Map<string, readonly string[]>;
  /** IPv4 addresses by name: an answer for each question, the last one for all that follow. */
  readonly addresses: Map<string, readonly (readonly string[])[]>;
  /** Names whose addresses were asked for, one per question. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/** Of flags and codes of answers: RFC 1035, section 4.1.1. */
const AUTHORITATIVE = 0x0400;
const NO_SUCH_NAME = 0x0003;

export async function startDnsServer(): Promise<DnsServer> {
  const records = new Map<string, readonly string[]>();
  const addresses = new Map<string, readonly (readonly string[])[]>();
  const asked: string[] = [];

  function nextAddresses(name: string): readonly string[] {
    const turns = addresses.get(name) ?? [];
    const turn = asked.filter((each) => each === name).length;
    asked.push(name);
    return turns[turn] ?? turns.at(-1) ?? [];
  }

  const socket = createSocket("udp4");
  socket.on("message", (message, { port, address }) => {
    const { id = 0, questions = [] } = decode(message);
    const answers = questions.flatMap(({ name, type }): Answer[] => {
      const known = name.toLowerCase();
      if (type === "TXT") return (records.get(known) ?? []).map((data) => ({ name, type, data }));
      if (type === "A") return nextAddresses(known).map((data) => ({ name, type, data }));
      return [];
    });
    const flags = AUTHORITATIVE | (answers.length === 0 ? NO_SUCH_NAME : 0);
    socket.send(encode({ type: "response", id, flags, questions, answers }), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    addresses,
    asked,
    async stop() {
      socket.close();
      await once(socket, "close");
    },
  };
}
