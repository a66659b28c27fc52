/**
 * Caches the newest frames of a stream, each rendered once: reconnecting clients mostly miss the same few events. The
 * cache is bounded in number and in characters.
 */
import type { LiveEvent } from "../log/event.ts";
import type { Frame } from "./frame-text.ts";

interface CachedFrame {
  readonly frame: Promise<Frame>;
  /** 0 until it is made. */
  characters: number;
}

const LIMITS = { frames: 64, characters: 1024 * 1024 };

/** @param render never rejects. @returns the same for every event, as long as it remembers */
export function createFrameCache(render: (event: LiveEvent) => Promise<Frame>): (event: LiveEvent) => Promise<Frame> {
  const frames = new Map<bigint, CachedFrame>();
  let characters = 0;

  /** The newest one stays whatever its size. */
  function evict(): void {
    for (const [offset, { characters: own }] of frames) {
      if (frames.size <= LIMITS.frames && (characters <= LIMITS.characters || frames.size === 1)) return;
      frames.delete(offset);
      characters -= own;
    }
  }

  return (event) => {
    const cachedFrame = frames.get(event.offset);
    if (cachedFrame !== undefined) return cachedFrame.frame;
    const newFrame: CachedFrame = { frame: render(event), characters: 0 };
    frames.set(event.offset, newFrame);
    evict();
    void newFrame.frame.then((text) => {
      if (frames.get(event.offset) !== newFrame) return;
      newFrame.characters = text?.length ?? 0;
      characters += newFrame.characters;
      evict();
    });
    return newFrame.frame;
  };
}
