/** The newest frames of a stream, each made once: reconnecting clients mostly miss the same few. Bounded in number and in text. */
import type { LiveEvent } from "../log/event.ts";
import type { Frame } from "./frame-text.ts";

interface Kept {
  readonly frame: Promise<Frame>;
  /** 0 until it is made. */
  characters: number;
}

const MOST = { frames: 64, characters: 1024 * 1024 };

/** @param render never rejects. @returns the same for every event, as long as it remembers */
export function keepFrames(render: (event: LiveEvent) => Promise<Frame>): (event: LiveEvent) => Promise<Frame> {
  const kept = new Map<bigint, Kept>();
  let characters = 0;

  /** The newest one stays whatever its size. */
  function forget(): void {
    for (const [offset, { characters: own }] of kept) {
      if (kept.size <= MOST.frames && (characters <= MOST.characters || kept.size === 1)) return;
      kept.delete(offset);
      characters -= own;
    }
  }

  return (event) => {
    const known = kept.get(event.offset);
    if (known !== undefined) return known.frame;
    const made: Kept = { frame: render(event), characters: 0 };
    kept.set(event.offset, made);
    forget();
    void made.frame.then((text) => {
      if (kept.get(event.offset) !== made) return;
      made.characters = text?.length ?? 0;
      characters += made.characters;
      forget();
    });
    return made.frame;
  };
}
