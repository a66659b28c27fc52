/**
 * Answers that were written, by the data that they were made of: an operation of which every fetch was answered by the
 * very data that answered it before has the text that it had. Data that stays the same object comes out of caches, and
 * from subgraphs that say the same again.
 */
import { LRUCache } from "lru-cache";
import type { Step } from "../plan/steps.ts";
import type { ResponseWriter } from "./writer.ts";

/** What a fetch was answered. Which fetch is part of it: two of them may be answered alike. */
export interface Part {
  readonly step: Step;
  /** Never changed by anybody. */
  readonly data: object;
}

export interface WrittenAnswers {
  find(writer: ResponseWriter, parts: readonly Part[]): string | undefined;
  /** @param text without any error */
  keep(writer: ResponseWriter, parts: readonly Part[], text: string): void;
}

interface Written {
  readonly writer: ResponseWriter;
  readonly parts: readonly Part[];
  readonly text: string;
}

/** @param maxLength of all texts, in characters */
export function createWrittenAnswers(maxLength: number): WrittenAnswers {
  // One for each first part: what begins alike is mostly the same operation of the same caller.
  const written = new LRUCache<object, Written>({ maxSize: maxLength, sizeCalculation: ({ text }) => text.length });
  return {
    find(writer, parts) {
      const [first] = parts;
      const found = first === undefined ? undefined : written.get(first.data);
      return found?.writer === writer && isSame(found.parts, parts) ? found.text : undefined;
    },
    keep(writer, parts, text) {
      const [first] = parts;
      if (first !== undefined) written.set(first.data, { writer, parts, text });
    },
  };
}

function isSame(one: readonly Part[], other: readonly Part[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ step, data }, index) => step === other[index]?.step && data === other[index]?.data)
  );
}
