/**
 * Which parts of events are about a person: `"x-personal": "userId"` at a part of a contract says that it, and all
 * below it, is about whoever the property `userId` names. Whoever keeps events can so erase one person and nothing
 * else.
 */
import { isJsonSchema, type JsonSchema } from "./event-compatibility.ts";
import type { EventContracts } from "./event-contracts.ts";

const PERSONAL = "x-personal";

export interface PersonalField {
  /** From `data` on: `changes`, `session.device`. */
  readonly path: string;
  /** The property of `data` that holds the person's id. */
  readonly person: string;
}

/** What such a name stands for is about a person, whatever else the contract says. */
const PERSONAL_NAME =
  /^(email|displayName|firstName|lastName|phone|address|birthday|device|ip|clientIp|userAgent|locale|timeZone)$/;
const PERSON_ID = "^usr_";

/** Every part of a contract, with its path and what it inherits. */
function* parts(schema: JsonSchema, path: string, inherited?: string): Generator<Part> {
  const own = schema[PERSONAL];
  const person = typeof own === "string" ? own : inherited;
  yield { path, person, marked: own !== undefined };
  const properties = isJsonSchema(schema["properties"]) ? schema["properties"] : {};
  for (const [name, part] of Object.entries(properties)) {
    if (isJsonSchema(part)) yield* parts(part, path === "" ? name : `${path}.${name}`, person);
  }
  if (isJsonSchema(schema["items"])) yield* parts(schema["items"], `${path}[]`, person);
  const rest = schema["additionalProperties"];
  if (isJsonSchema(rest)) yield* parts(rest, `${path}.*`, person);
}

interface Part {
  readonly path: string;
  readonly person: string | undefined;
  /** The mark stands at this very part. */
  readonly marked: boolean;
}

/** The parts of a contract that are marked, outermost first. */
export const personalFields = (schema: JsonSchema): PersonalField[] =>
  [...parts(schema, "")].flatMap(({ path, person, marked }) =>
    marked && person !== undefined ? [{ path, person }] : [],
  );

/** One line per part that names nobody, and per part that by its name is about a person and is not marked. */
export const checkPersonalFields = (contracts: EventContracts): string[] =>
  [...contracts].flatMap(([type, schema]) => {
    const named = isJsonSchema(schema["properties"]) ? schema["properties"] : {};
    const namesPerson = (property: string) => {
      const part = named[property];
      return isJsonSchema(part) && String(part["pattern"]).startsWith(PERSON_ID);
    };
    return [...parts(schema, "")].flatMap(({ path, person, marked }) => {
      const where = `Event contract ${type}: ${path}`;
      if (marked && (person === undefined || !namesPerson(person))) {
        return [`${where} is about a person, but "${PERSONAL}" names no property with the id of a user`];
      }
      const name = path.split(".").at(-1) ?? "";
      return PERSONAL_NAME.test(name) && person === undefined
        ? [`${where} is about a person: mark it with "${PERSONAL}", which names the property with their id`]
        : [];
    });
  });
