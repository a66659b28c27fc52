/** The streams that have followers, found by what they show and by the key whose events they wait for. */

import type { LiveEvent } from "../log/event.ts";
import {
  type AudienceStream,
  type AudienceStreamOptions,
  type AudienceStreamPorts,
  createAudienceStream,
} from "./audience-stream.ts";

export interface StreamRegistry {
  readonly size: number;
  all(): readonly AudienceStream[];
  /** The stream with these facts, made when nobody follows it yet. */
  enter(options: AudienceStreamOptions): AudienceStream;
  leave(stream: AudienceStream): void;
  /** An event is in its ring. One of a key that nobody follows costs nothing more. */
  wake(topic: string, event: LiveEvent): void;
}

export function createStreamRegistry(ports: AudienceStreamPorts): StreamRegistry {
  const streams = new Map<string, AudienceStream>();
  const byKey = new Map<string, Set<AudienceStream>>();
  const slotOf = ({ topic, key }: { readonly topic: string; readonly key: string }) => `${topic}\n${key}`;

  return {
    get size() {
      return streams.size;
    },
    all: () => [...streams.values()],
    enter(options) {
      const { id } = options.facts;
      const existing = streams.get(id);
      if (existing !== undefined) return existing;
      const stream = createAudienceStream(ports, options);
      streams.set(id, stream);
      const slot = slotOf(stream);
      byKey.set(slot, (byKey.get(slot) ?? new Set()).add(stream));
      return stream;
    },
    leave(stream) {
      streams.delete(stream.id);
      const slot = slotOf(stream);
      const followers = byKey.get(slot);
      followers?.delete(stream);
      if (followers?.size === 0) byKey.delete(slot);
    },
    wake(topic, event) {
      for (const { stream } of byKey.get(slotOf({ topic, key: event.key })) ?? []) stream.wake(event);
    },
  };
}
