/**
 * How often single fields may be asked for: signing in, registering, inviting. Each field of an operation is one
 * attempt, aliases too, and counts whether or not the operation is then refused. All attempts of an operation are
 * counted before the first of its fields runs.
 */

import { hash } from "node:crypto";
import {
  type FieldNode,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getArgumentValues,
  getVariableValues,
} from "graphql";
import { rootSelections } from "../../engine/root-fields.ts";
import type { SchemaSource } from "../../ports.ts";
import type { CostedOperation } from "../document-cost.ts";
import type { Counters, Tally } from "./counters.ts";
import { type FieldRule, readFieldRules } from "./field-rules.ts";
import { rateLimited } from "./rate-limited.ts";

export interface FieldLimit {
  /**
   * @param caller who asks, and from which address
   * @throws AppError `RATE_LIMITED` when one of the operation's fields was asked for too often
   */
  admit(operation: CostedOperation, caller: FieldCaller): Promise<void>;
  /** Operations that were refused. */
  readonly refused: number;
}

export interface FieldCaller {
  /** Whoever signed in, else the address. */
  readonly key: string;
  readonly address: string;
}

export interface FieldLimitOptions {
  readonly schema: SchemaSource;
  readonly counters: Counters;
}

interface Attempt {
  readonly rule: FieldRule;
  readonly args: Readonly<Record<string, unknown>>;
  readonly info: GraphQLResolveInfo;
}

export function createFieldLimit({ schema, counters }: FieldLimitOptions): FieldLimit {
  let rules = readFieldRules(schema.current().supergraphSdl);
  schema.onChange(({ supergraphSdl }) => {
    rules = readFieldRules(supergraphSdl);
  });
  let refused = 0;

  /** @returns the tally when it is above what the field's rule allows */
  async function excess({ rule, args, info }: Attempt, caller: FieldCaller): Promise<Tally | undefined> {
    // Loaded where a supergraph has such rules: it brings much along.
    const { getGraphQLRateLimiter } = await import("graphql-rate-limit");
    const { windowSeconds, max, identityArgs, byAddress } = rule;
    let tally: Tally = { total: 0, resetMs: 0 };
    const limiter = getGraphQLRateLimiter({
      identifyContext: () => (byAddress ? caller.address : caller.key),
      // graphql-rate-limit 3.3.0 reads what was and then writes what is: another gateway could do the same in between.
      // Here it reads what was counted before this attempt, which is counted in the same step, and has nothing left to
      // write.
      store: {
        async getForIdentity({ contextIdentity, fieldIdentity }) {
          const identity = JSON.stringify([info.parentType.name, fieldIdentity, contextIdentity]);
          tally = await counters.add(`field:${hash("sha256", identity, "base64")}`, windowSeconds * 1_000);
          return new Array<number>(Math.min(tally.total - 1, max)).fill(Date.now());
        },
        setForIdentity: () => undefined,
      },
    });
    const identityValues = Object.fromEntries(identityArgs.map((path) => [path, identityOf(valueAt(args, path))]));
    const message = await limiter(
      { parent: undefined, args: identityValues, context: undefined, info },
      { max, window: `${windowSeconds}s`, identityArgs },
    );
    return message === undefined ? undefined : tally;
  }

  return {
    async admit(request, caller) {
      if (rules.size === 0) return;
      const attempts = attemptsOf(request, rules);
      if (attempts.length === 0) return;
      const tallies = await Promise.all(attempts.map((attempt) => excess(attempt, caller)));
      const at = tallies.findIndex((tally) => tally !== undefined);
      const [attempt, tally] = [attempts[at], tallies[at]];
      if (attempt === undefined || tally === undefined) return;
      refused += 1;
      const resetMs = Math.max(...tallies.map((each) => each?.resetMs ?? 0));
      const { fieldName } = attempt.info;
      throw rateLimited("field", `\`${fieldName}\` was asked for too often.`, resetMs, { field: fieldName });
    },
    get refused() {
      return refused;
    },
  };
}

function attemptsOf(request: CostedOperation, rules: ReadonlyMap<string, FieldRule>): readonly Attempt[] {
  const { schema, document, operation } = request;
  const type = schema.getRootType(operation.operation);
  if (type == null || ![...rules.keys()].some((coordinate) => coordinate.startsWith(`${type.name}.`))) return [];
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables);
  // Refused as soon as it is executed.
  if (coerced === undefined) return [];
  const selections = rootSelections(document, operation, (variable) => coerced[variable] === true);
  return [...selections.values()].flatMap(([field]) => {
    if (field === undefined) return [];
    const rule = rules.get(`${type.name}.${field.name.value}`);
    const info = rule === undefined ? undefined : infoOf(request, type, field, coerced);
    return rule === undefined || info === undefined ? [] : [{ rule, info, args: argumentsOf(info, field) }];
  });
}

function infoOf(
  { schema, operation }: CostedOperation,
  parentType: GraphQLObjectType,
  field: FieldNode,
  variableValues: Readonly<Record<string, unknown>>,
): GraphQLResolveInfo | undefined {
  const fieldName = field.name.value;
  const returnType = parentType.getFields()[fieldName]?.type;
  if (returnType === undefined) return undefined;
  const path = { prev: undefined, key: (field.alias ?? field.name).value, typename: parentType.name };
  return {
    fieldName,
    fieldNodes: [field],
    returnType,
    parentType,
    path,
    schema,
    fragments: {},
    rootValue: undefined,
    operation,
    variableValues,
  };
}

function argumentsOf(
  { parentType, fieldName, variableValues }: GraphQLResolveInfo,
  node: FieldNode,
): Readonly<Record<string, unknown>> {
  const field = parentType.getFields()[fieldName];
  if (field === undefined) return {};
  try {
    return getArgumentValues(field, node, { ...variableValues });
  } catch (error) {
    // Refused as soon as it is executed; an attempt all the same.
    if (error instanceof GraphQLError) return {};
    throw error;
  }
}

function valueAt(args: Readonly<Record<string, unknown>>, path: string): unknown {
  let value: unknown = args;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/** Other spellings of an address are no other address. */
function identityOf(value: unknown): string {
  return typeof value === "string" ? value.normalize("NFKC").trim().toLowerCase() : (JSON.stringify(value) ?? "");
}
