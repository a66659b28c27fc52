import { expect, test } from "vitest";
import { createFrameCache } from "../../../../../gateway/live/delivery/frame-cache.ts";
import type { LiveEvent } from "../../../../../gateway/live/log/event.ts";

const event = (offset: number): LiveEvent => ({
  partition: 0,
  offset: BigInt(offset),
  key: "k",
  size: 1,
  sequence: null,
  envelope: null,
});

function counting(text: string) {
  const rendered: bigint[] = [];
  const frame = createFrameCache(async ({ offset }) => {
    rendered.push(offset);
    return text;
  });
  return { rendered, frame };
}

test("a frame is made once for all who ask for its event", async () => {
  const { rendered, frame } = counting("text");
  expect(await Promise.all([frame(event(1)), frame(event(1))])).toEqual(["text", "text"]);
  await frame(event(1));
  expect(rendered).toEqual([1n]);
});

test("of many frames only the newest 64 are kept", async () => {
  const { rendered, frame } = counting("text");
  for (let offset = 0; offset < 65; offset += 1) await frame(event(offset));
  await frame(event(1));
  expect(rendered).toHaveLength(65);
  await frame(event(0));
  expect(rendered).toHaveLength(66);
});

test("large frames are forgotten by their size, the newest one never", async () => {
  const { rendered, frame } = counting("x".repeat(700_000));
  await frame(event(1));
  await frame(event(1));
  expect(rendered).toEqual([1n]);
  await frame(event(2));
  await frame(event(2));
  await frame(event(1));
  expect(rendered).toEqual([1n, 2n, 1n]);
});
