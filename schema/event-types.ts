import { isJsonSchema, type JsonSchema } from "./event-compatibility.ts";
import type { EventContracts } from "./event-contracts.ts";
import { doc } from "./typescript-types.ts";

/** JSON Schema's names of types that need nothing else to be printed. */
const PLAIN: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
};

/**
 * The module `schema/generated/events.ts`: what each event's `data` holds, so that the compiler knows who leaves
 * something out, and which types of events there are.
 * @throws Error for a contract that says something which has no TypeScript here
 */
export const printEventTypes = (contracts: EventContracts): string =>
  [
    "/** `data` by event type, as `schema/events/<type>.json` describes it. */\n",
    "export interface EventData {\n",
    ...[...contracts].map(
      ([type, schema]) =>
        `${doc(textOf(schema["description"]), "  ")}  readonly ${JSON.stringify(type)}: ${printType(schema, type)};\n`,
    ),
    "}\n\n",
    "export type EventType = keyof EventData;\n",
  ].join("");

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const printType = (schema: unknown, path: string): string => {
  const refuse = (): never => {
    throw new Error(`Event contract ${path}: schema/event-types.ts cannot print this part; say it in its words`);
  };
  if (!isJsonSchema(schema)) return refuse();
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" | ");
  const types = Array.isArray(schema["type"]) ? schema["type"] : [schema["type"]];
  return types
    .map((type) => {
      if (type === "object") return printObject(schema, path);
      if (type === "array") return `readonly (${printType(schema["items"], `${path}[]`)})[]`;
      return PLAIN[String(type)] ?? refuse();
    })
    .join(" | ");
};

const printObject = (schema: JsonSchema, path: string): string => {
  const properties = isJsonSchema(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const members = Object.entries(properties).map(
    ([name, part]) => ` readonly ${name}${required.includes(name) ? "" : "?"}: ${printType(part, `${path}.${name}`)};`,
  );
  return members.length === 0 ? "Readonly<Record<string, unknown>>" : `{${members.join("")} }`;
};
