import { expect, test } from "vitest";
import { STREAM_FORMATS } from "../../../../../gateway/live/transports/format.ts";

const { sse, multipart } = STREAM_FORMATS;

/** The HTML standard's reading of an event stream: what is dispatched, and the last event id afterwards. */
function readAsBrowser(text: string) {
  const dispatched: { type: string; data: string; lastEventId: string }[] = [];
  let [data, type, idBuffer, lastEventId] = ["", "", "", ""];
  for (const line of text.split("\n")) {
    if (line === "") {
      lastEventId = idBuffer;
      if (data !== "") dispatched.push({ type: type || "message", data: data.replace(/\n$/, ""), lastEventId });
      [data, type] = ["", ""];
      continue;
    }
    if (line.startsWith(":")) continue;
    const [, name, value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === "data") data += `${value}\n`;
    if (name === "event") type = value;
    if (name === "id") idBuffer = value;
  }
  return { dispatched, lastEventId };
}

test("a browser sees events with their ids, and a heartbeat moves the last event id without an event [WS-10]", () => {
  const text = sse.opening + sse.heartbeat("c0") + sse.next('{"data":1}', "c1") + sse.heartbeat(undefined);
  expect(readAsBrowser(text)).toEqual({
    dispatched: [{ type: "next", data: '{"data":1}', lastEventId: "c1" }],
    lastEventId: "c1",
  });
  const quiet = readAsBrowser(text + sse.heartbeat("c2"));
  expect(quiet.lastEventId).toBe("c2");
  expect(quiet.dispatched).toHaveLength(1);
});

test("the end of an event stream is an event a browser dispatches [WS-10]", () => {
  expect(readAsBrowser(sse.failure("[1]", "c1") + sse.ending).dispatched).toEqual([
    { type: "next", data: '{"errors":[1]}', lastEventId: "c1" },
    { type: "complete", data: "", lastEventId: "c1" },
  ]);
});

test("multipart parts are each complete at the boundary behind them", () => {
  const text = multipart.opening + multipart.heartbeat(undefined) + multipart.failure("[1]", "c1") + multipart.ending;
  expect(text).toBe(
    [
      "",
      "--graphql",
      "content-type: application/json",
      "",
      "{}",
      "--graphql",
      "content-type: application/json",
      "tributary-cursor: c1",
      "",
      '{"payload":null,"errors":[1]}',
      "--graphql--",
      "",
    ].join("\r\n"),
  );
});
