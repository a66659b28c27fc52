// Starts the bundled GraphiQL on this gateway: queries and mutations by POST, subscriptions over graphql-transport-ws.
// The token from the headers pane goes where each transport expects it.
(() => {
  const { query } = window.tributaryExplorer;
  const endpoint = new URL("/graphql", location.href);

  async function post(parameters, headers) {
    const response = await fetch(endpoint, {
      method: "POST",
      credentials: "omit",
      headers: {
        accept: "application/graphql-response+json, application/json",
        ...headers,
        "content-type": "application/json",
      },
      body: JSON.stringify(parameters),
    });
    return response.json();
  }

  /** https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md, one socket per subscription. */
  function subscribe(parameters, headers) {
    const url = new URL(endpoint);
    url.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, "graphql-transport-ws");
    const results = [];
    let wake = () => {};
    let ended = false;
    let failure;
    const end = (error) => {
      ended = true;
      failure ??= error;
      wake();
    };
    const send = (message) => socket.send(JSON.stringify(message));
    socket.onopen = () => send({ type: "connection_init", payload: headers });
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "connection_ack") send({ id: "1", type: "subscribe", payload: parameters });
      else if (message.type === "ping") send({ type: "pong", payload: message.payload });
      else if (message.type === "next") results.push(message.payload);
      else if (message.type === "error") results.push({ errors: message.payload });
      if (message.type === "complete" || message.type === "error") end();
      wake();
    };
    socket.onclose = ({ code, reason }) =>
      end(code === 1000 ? undefined : new Error(`Socket closed: ${code} ${reason}`));
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        while (results.length === 0 && !ended) {
          await new Promise((resolve) => {
            wake = resolve;
          });
        }
        if (results.length > 0) return { done: false, value: results.shift() };
        socket.close(1000);
        if (failure !== undefined) throw failure;
        return { done: true, value: undefined };
      },
      async return() {
        end();
        socket.close(1000);
        return { done: true, value: undefined };
      },
    };
  }

  /** Of several operations the chosen one decides. */
  function isSubscription({ query: text, operationName }) {
    const operations = [...text.matchAll(/^\s*(query|mutation|subscription)\b\s*([_A-Za-z]\w*)?/gm)];
    const chosen = operations.find(([, , name]) => name === operationName) ?? operations[0];
    return chosen?.[1] === "subscription";
  }

  const worker = (name) => `/graphiql/${name}.js`;
  window.MonacoEnvironment = {
    globalAPI: false,
    getWorkerUrl: (_module, label) =>
      worker(label === "json" || label === "graphql" ? `${label}-worker` : "editor-worker"),
  };
  window.YogaGraphiQL.renderYogaGraphiQL(document.getElementById("root"), {
    title: "Tributary API",
    logo: " ",
    defaultQuery: query,
    fetcher: (parameters, options) =>
      (isSubscription(parameters) ? subscribe : post)(parameters, options?.headers ?? {}),
  });
})();
