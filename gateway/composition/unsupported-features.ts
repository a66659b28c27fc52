/**
 * What a supergraph asks of a gateway and this one does not do. A feature that its link marks `for: SECURITY` or
 * `for: EXECUTION` must be understood or refused (https://specs.apollo.dev/link/v1.0/#Purpose): a gateway that passes
 * over it shows what should be hidden, or answers from the wrong subgraph.
 */
import {
  type CoreFeature,
  type CoreFeatures,
  DEFAULT_SUPPORTED_SUPERGRAPH_FEATURES,
  type Directive,
  joinIdentity,
  type Schema,
} from "@apollo/federation-internals";
import { z } from "zod";
import { AppError } from "../../platform/errors/app-error.ts";

/** The library's own list (core, join, tag, inaccessible), and what `gateway/{limits,cache,live}` add to it. */
const SUPPORTED: ReadonlySet<string> = new Set([
  ...DEFAULT_SUPPORTED_SUPERGRAPH_FEATURES,
  "https://specs.apollo.dev/link/v1.0",
  "https://specs.apollo.dev/cost/v0.1",
  "https://tributary.dev/cache/v1.0",
  "https://tributary.dev/live/v1.0",
  "https://tributary.dev/limits/v1.0",
]);

/** Specifications that change answers or hide data, also where a link forgets to say its purpose. */
const NEVER_IGNORED: ReadonlySet<string> = new Set([
  "https://specs.apollo.dev/authenticated",
  "https://specs.apollo.dev/requiresScopes",
  "https://specs.apollo.dev/policy",
  "https://specs.apollo.dev/context",
  "https://specs.apollo.dev/connect",
  "https://tributary.dev/cache",
  "https://tributary.dev/live",
  "https://tributary.dev/limits",
]);

/** Places of one problem that a message names; a graph may use a directive on hundreds of fields. */
const MAX_PLACES = 5;

const joinFieldSchema = z.object({
  overrideLabel: z.string().nullish(),
  contextArguments: z.array(z.object({ name: z.string() })).nullish(),
});
const joinDirectiveSchema = z.object({ name: z.string() });

/** A directive as the supergraph applies it, and the schema coordinate of what carries it. */
interface Use {
  readonly directive: Directive;
  readonly place: string;
}

/**
 * @param schema of a valid supergraph
 * @throws AppError `SUPERGRAPH_UNSUPPORTED` that names each directive with the types and fields that carry it
 */
export function refuseUnsupportedFeatures(schema: Schema): void {
  const features = schema.coreFeatures;
  if (features === undefined) return;
  const uses = usesIn(schema);
  const problems = [
    ...features
      .allFeatures()
      .filter(isUnsupported)
      .flatMap((feature) => problemsOfFeature(feature, features, uses)),
    ...problemsOfJoin(features, uses),
  ];
  if (problems.length === 0) return;
  const lines = problems.map((problem) => `  ${problem}`).join("\n");
  throw new AppError(
    "SUPERGRAPH_UNSUPPORTED",
    `The supergraph asks for what this gateway does not do:\n${lines}\nTake it out of the subgraphs and compose again.`,
  );
}

function usesIn(schema: Schema): Use[] {
  const ofSchema = schema.schemaDefinition.appliedDirectives.map((directive) => ({ directive, place: "the schema" }));
  const ofElements = [...schema.allNamedSchemaElement()].flatMap(({ coordinate, appliedDirectives }) =>
    appliedDirectives.map((directive) => ({ directive, place: coordinate })),
  );
  return [...ofSchema, ...ofElements];
}

function isUnsupported({ url, purpose }: CoreFeature): boolean {
  if (SUPPORTED.has(url.base.toString())) return false;
  return purpose === "EXECUTION" || purpose === "SECURITY" || NEVER_IGNORED.has(url.identity);
}

function problemsOfFeature(feature: CoreFeature, features: CoreFeatures, uses: readonly Use[]): string[] {
  const name = `${feature.url}${feature.purpose === undefined ? "" : ` for: ${feature.purpose}`}`;
  const own = uses.filter(({ directive }) => features.sourceFeature(directive)?.feature === feature);
  if (own.length === 0) return [`${name}, which the schema links`];
  return listed(own.map(({ directive, place }) => [`@${directive.name} (${name})`, place]));
}

function problemsOfJoin(features: CoreFeatures, uses: readonly Use[]): string[] {
  const join = features.getByIdentity(joinIdentity);
  if (join === undefined) return [];
  const ofKind = (kind: string) => uses.filter(({ directive }) => directive.name === join.directiveNameInSchema(kind));
  return listed([...ofKind("field").flatMap(ofJoinField), ...ofKind("directive").flatMap(ofJoinDirective)]);
}

type Problem = readonly [what: string, place: string];

/** `@override` with a label and `@fromContext` are arguments of the join: composition leaves no directive of theirs. */
function ofJoinField({ directive, place }: Use): Problem[] {
  const { overrideLabel, contextArguments } = joinFieldSchema.parse(directive.arguments());
  return [
    ...(overrideLabel == null ? [] : [[`@override(label: "${overrideLabel}"), progressive override,`, place] as const]),
    ...(contextArguments ?? []).map(({ name }) => ["@fromContext", `${place}(${name}:)`] as const),
  ];
}

/** Directives that composition passes on in the join for the gateway to act on, e.g. `@connect` and `@cacheTag`. */
function ofJoinDirective({ directive, place }: Use): Problem[] {
  const { name } = joinDirectiveSchema.parse(directive.arguments());
  // What is linked this way is linked by the supergraph itself, too.
  return name === "link" ? [] : [[`@${name.split("__").at(-1)}`, place]];
}

/** A line for each problem, with the places where it occurs. */
function listed(problems: readonly Problem[]): string[] {
  const places = new Map<string, Set<string>>();
  for (const [what, place] of problems) places.set(what, (places.get(what) ?? new Set()).add(place));
  return [...places].map(([what, found]) => {
    const more = found.size - MAX_PLACES;
    return `${what} on ${[...found].slice(0, MAX_PLACES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  });
}
