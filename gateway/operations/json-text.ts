/** Reads JSON that a client sent. A byte-order mark in front of it is no fault (RFC 8259, section 8.1). @throws SyntaxError */
export function parseJson(text: string): unknown {
  return JSON.parse(text.startsWith("\u{feff}") ? text.slice(1) : text);
}
