/**
 * How far each stream of a topic has come, as its producer's database says: published now and then for the streams that
 * moved, behind all the events that are meant. So a reader who has come to such a record has been given every event up
 * to these sequences, or one was lost on its way.
 */
import { z } from "zod";

export function streamHeadsTopic(topic: string): string {
  return `${topic}.heads`;
}

export const streamHeadsSchema = z.object({
  topic: z.string(),
  /** When the producer's database was asked. */
  at: z.iso.datetime(),
  /** Key of the stream, and the sequence of its last event. */
  heads: z.array(z.tuple([z.string(), z.string().regex(/^\d{1,19}$/)])),
});

export type StreamHeads = z.infer<typeof streamHeadsSchema>;
