/**
 * Sockets that end when their broker has gone silent. A broker that hangs, or a peer that vanished, keeps connections
 * open for ever: kafkajs 2.2.4 asks them again and again, also for who else could answer. From a connection that ended
 * it knows how to go on. Long requests, such as joining a group, are left to its own timeouts.
 */
import { connect, isIP, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import type { ISocketFactory } from "kafkajs";

export interface GuardedSockets {
  readonly factory: ISocketFactory;
  /** The addresses, those that were silent a moment ago behind the others. */
  inOrder(brokers: readonly string[]): string[];
}

/**
 * How long a broker may take to say anything, in milliseconds, by the kind of request. It answers these by itself, the
 * first after half a second at most. https://kafka.apache.org/protocol.html#protocol_api_keys
 */
const OWN_ANSWER_MS: ReadonlyMap<number, number> = new Map([
  [1, 3_000], // Fetch
  [2, 3_000], // ListOffsets
  [3, 3_000], // Metadata
  [18, 2_000], // ApiVersions
]);
/** These may wait for other brokers, of which one may be frozen: a silence says nothing about the one asked. */
const JOINT_ANSWER_MS: ReadonlyMap<number, number> = new Map([
  [0, 6_000], // Produce
  [8, 6_000], // OffsetCommit
  [9, 6_000], // OffsetFetch
  [10, 6_000], // FindCoordinator
  [12, 6_000], // Heartbeat
]);
/** Of a broker that was silent a moment ago, where others serve: whether it is back is asked often and briefly. */
const SUSPECTED_MS = 10_000;
const SUSPECT_PATIENCE_MS = 700;
const KEEP_ALIVE_MS = 60_000;

/** For all clients of one event log: what one of them learns of a broker helps the others. */
export function createGuardedSockets(): GuardedSockets {
  const open = new Map<string, Set<Socket>>();
  const suspectedUntil = new Map<string, number>();
  const isSuspect = (address: string) => (suspectedUntil.get(address) ?? 0) > performance.now();

  const othersServe = (address: string) => [...open.keys()].some((other) => other !== address && !isSuspect(other));

  /** The other connections would be found silent one after the other. */
  function suspect(address: string, ms: number): void {
    suspectedUntil.set(address, performance.now() + SUSPECTED_MS);
    for (const socket of open.get(address) ?? []) socket.destroy(silence(ms));
  }

  return {
    factory({ host, port, ssl, onConnect }) {
      const address = `${host}:${port}`;
      const servername = isIP(host) === 0 ? { servername: host } : {};
      const socket = ssl
        ? connectSecurely({ host, port, ...servername, ...(typeof ssl === "object" ? ssl : {}) }, onConnect)
        : connect({ host, port }, onConnect);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      const sockets = open.get(address) ?? new Set();
      open.set(address, sockets.add(socket));
      socket.once("close", () => sockets.delete(socket));
      return watchAnswers(socket, {
        patienceMs(kind) {
          const own = OWN_ANSWER_MS.get(kind);
          if (own === undefined) return JOINT_ANSWER_MS.get(kind);
          return isSuspect(address) && othersServe(address) ? Math.min(own, SUSPECT_PATIENCE_MS) : own;
        },
        onAnswer: () => suspectedUntil.delete(address),
        onSilence(kind, ms) {
          if (OWN_ANSWER_MS.has(kind)) suspect(address, ms);
          else socket.destroy(silence(ms));
        },
      });
    },
    inOrder: (brokers) => brokers.toSorted((left, right) => Number(isSuspect(left)) - Number(isSuspect(right))),
  };
}

const silence = (ms: number) => new Error(`the broker said nothing for ${ms} ms`);

interface Watch {
  /** @param kind the request's API key. @returns undefined for kinds that may take long */
  readonly patienceMs: (kind: number) => number | undefined;
  readonly onAnswer: () => void;
  readonly onSilence: (kind: number, ms: number) => void;
}

function watchAnswers(socket: Socket, { patienceMs, onAnswer, onSilence }: Watch): Socket {
  const [write, unref] = [socket.write.bind(socket), socket.unref.bind(socket)];
  let timer: NodeJS.Timeout | undefined;
  let waiting = false;

  function rest(): void {
    waiting = false;
    clearTimeout(timer);
    timer = undefined;
  }

  function late(kind: number, ms: number): void {
    timer = undefined;
    // An answer may have come while this process was busy: it is read before this.
    setImmediate(() => {
      if (waiting) onSilence(kind, ms);
    });
  }

  socket.on("data", () => {
    rest();
    onAnswer();
  });
  socket.on("close", rest);
  return Object.assign(socket, {
    // kafkajs writes each request at once.
    write(...sent: Parameters<Socket["write"]>): boolean {
      const [data] = sent;
      const kind = Buffer.isBuffer(data) && data.length >= 6 ? data.readInt16BE(4) : -1;
      const ms = patienceMs(kind);
      if (ms !== undefined && timer === undefined) {
        waiting = true;
        timer = setTimeout(late, ms, kind, ms).unref();
      }
      return write(...sent);
    },
    // kafkajs ends dead sockets again and again, and each time one would wait for its connection to come.
    unref: () => (socket.destroyed ? socket : unref()),
  });
}
