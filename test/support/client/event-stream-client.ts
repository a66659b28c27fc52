// Live subscriptions over Server-Sent Events, read as the HTML standard says an EventSource reads them.
import { waitFor } from "../wait.ts";

export interface EventStream<Data> {
  /** Of the `next` events, in order of arrival. */
  readonly answers: readonly { readonly data?: Data | null; readonly errors?: readonly unknown[] }[];
  /** What an EventSource would send as `Last-Event-ID` when it reconnects. */
  readonly lastEventId: string | undefined;
  readonly ended: boolean;
  waitForCount(count: number, deadlineMs?: number): Promise<void>;
  /** Cuts the connection. */
  drop(): void;
}

export interface EventStreamOptions {
  /** e.g. http://127.0.0.1:4000/graphql */
  readonly url: string;
  readonly token: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly lastEventId?: string | undefined;
}

/** Resolves when the stream has begun and its position is known. */
export async function openEventStream<Data>(options: EventStreamOptions): Promise<EventStream<Data>> {
  const { url, token, query, variables, lastEventId: resume } = options;
  const answers: { data?: Data | null; errors?: readonly unknown[] }[] = [];
  const abort = new AbortController();
  let lastEventId = resume;
  let begun = false;
  let ended = false;
  const response = await fetch(url, {
    method: "POST",
    signal: abort.signal,
    headers: {
      accept: "text/event-stream",
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
      ...(resume === undefined ? {} : { "last-event-id": resume }),
    },
    body: JSON.stringify({ query, variables }),
  });
  if (!response.ok) throw new Error(`no stream: HTTP ${response.status} ${await response.text()}`);

  function dispatch(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ""));
    }
    lastEventId = fields.get("id") ?? lastEventId;
    // The comment that opens the stream comes before its position is fixed.
    if (fields.size > 0) begun = true;
    if (fields.get("event") === "next") answers.push(JSON.parse(fields.get("data") ?? "null"));
  }

  void (async () => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) dispatch(block);
    }
  })()
    // A cut connection ends the stream like a closed one.
    .catch(() => undefined)
    .finally(() => {
      ended = true;
    });
  await waitFor(() => begun || ended, { what: "the stream's first position" });
  return {
    answers,
    get lastEventId() {
      return lastEventId;
    },
    get ended() {
      return ended;
    },
    async waitForCount(count, deadlineMs = 20_000) {
      await waitFor(() => answers.length >= count, { what: `${count} answers on the event stream`, deadlineMs });
    },
    drop: () => abort.abort(),
  };
}
