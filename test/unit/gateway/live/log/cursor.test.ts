import { expect, test } from "vitest";
import { createCursorCodec } from "../../../../../gateway/live/log/cursor.ts";

const codec = createCursorCodec("a secret that is long enough for tests");
const cursor = { topic: "orders.events", epoch: "7", partition: 3, next: 12n, key: "org-1", sequence: 9n };

test("a cursor is read back as it was written, without the key", () => {
  const read = codec.decode(codec.encode(cursor));
  expect(read).toMatchObject({ topic: "orders.events", epoch: "7", partition: 3, next: 12n, sequence: 9n });
  expect(read?.matches("orders.events", "org-1")).toBe(true);
  expect(read?.matches("orders.events", "org-2")).toBe(false);
  expect(read?.matches("other.events", "org-1")).toBe(false);
  expect(Buffer.from(codec.encode(cursor), "base64url").toString("latin1")).not.toContain("org-1");
  expect(codec.decode(codec.encode({ ...cursor, sequence: null }))?.sequence).toBeNull();
});

test("a cursor with any bit changed, cut, extended or of another secret is not ours", () => {
  const text = codec.encode(cursor);
  const bytes = Buffer.from(text, "base64url");
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(codec.decode(changed.toString("base64url"))).toBeUndefined();
  }
  for (const wrong of ["", "x", `${text}A`, text.slice(0, -2), ` ${text}`, `${text}=`, "A".repeat(5_000)]) {
    expect(codec.decode(wrong)).toBeUndefined();
  }
  expect(createCursorCodec("another secret that is long enough").decode(text)).toBeUndefined();
});
