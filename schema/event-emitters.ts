import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { EventContracts } from "./event-contracts.ts";

/**
 * @param root of the work tree, whose `subgraphs/<name>/domain-events.ts` make the events of a subgraph
 * @returns one line per contract whose events nobody makes. Superseded versions stay for stored events, and a contract
 * that is marked `"deprecated": true` stays, too
 */
export const checkEventEmitters = (root: string, contracts: EventContracts): string[] =>
  [...contracts].flatMap(([type, schema]) => {
    const [subgraph = ""] = type.split(".");
    const folder = join(root, "subgraphs", subgraph);
    if (schema["deprecated"] === true || isSuperseded(type, contracts) || !existsSync(folder)) return [];
    const file = join(folder, "domain-events.ts");
    const isEmitted = existsSync(file) && readFileSync(file, "utf8").includes(JSON.stringify(type));
    return isEmitted
      ? []
      : [
          `Event contract ${type}: nothing in subgraphs/${subgraph}/domain-events.ts makes it; add a function, ` +
            'or mark the contract "deprecated": true',
        ];
  });

const isSuperseded = (type: string, contracts: EventContracts): boolean => {
  const [fact, version] = split(type);
  return [...contracts.keys()].map(split).some(([other, newer]) => other === fact && newer > version);
};

const split = (type: string): readonly [fact: string, version: number] => {
  const at = type.lastIndexOf(".v");
  return [type.slice(0, at), Number(type.slice(at + 2))];
};
