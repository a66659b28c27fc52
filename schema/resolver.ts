/**
 * The type-level half of `schema/generated/<subgraph>.ts`: from the fields of an object type and from what its
 * parents hold, which resolvers are needed, what they receive and what they must return.
 */
import type { GraphQLResolveInfo } from "graphql";

type Awaitable<T> = T | Promise<T>;
// The outer tuple keeps a union from distributing.
type Assignable<From, To> = [From] extends [To] ? true : false;

export type Resolver<Parent, Args, Context, Result> = (
  parent: Parent,
  args: Args,
  context: Context,
  info: GraphQLResolveInfo,
) => Awaitable<Result>;

/** A field of an object type: its arguments and what a resolver may answer. */
export interface Field<Args, Result> {
  readonly args: Args;
  readonly result: Result;
}

/** Can the default resolver answer the field, that is, does the parent hold a fitting property of that name? */
type Held<Parent, Name, Result> = Name extends keyof Parent ? Assignable<Parent[Name], Result> : false;

type FieldNames<Parent, Fields, Answered extends boolean> = {
  [Name in keyof Fields]: Fields[Name] extends Field<infer _Args, infer Result>
    ? Held<Parent, Name, Result> extends Answered
      ? Name
      : never
    : never;
}[keyof Fields];

type FieldResolver<Parent, Context, F> =
  F extends Field<infer Args, infer Result> ? Resolver<Parent, Args, Context, Result> : never;

/** Resolvers of one object type: required for each field that the parent does not hold, optional for the others. */
export type TypeResolvers<Parent, Context, Fields> = {
  readonly [Name in FieldNames<Parent, Fields, false>]: FieldResolver<Parent, Context, Fields[Name]>;
} & {
  readonly [Name in FieldNames<Parent, Fields, true>]?: FieldResolver<Parent, Context, Fields[Name]>;
};

type ResolveReference<Parent, Context, Reference> = (
  reference: Reference,
  context: Context,
  info: GraphQLResolveInfo,
) => Awaitable<Parent | null | undefined>;

/**
 * Like {@link TypeResolvers}, of an entity that others may reference: `__resolveReference` turns a key into a parent.
 */
export type EntityResolvers<Parent, Context, Fields, Reference> = TypeResolvers<Parent, Context, Fields> &
  (Assignable<Reference, Parent> extends true
    ? { readonly __resolveReference?: ResolveReference<Parent, Context, Reference> }
    : { readonly __resolveReference: ResolveReference<Parent, Context, Reference> });

type ResolveType<Parent, Context, Names extends string> = (
  value: Parent,
  context: Context,
  info: GraphQLResolveInfo,
) => Awaitable<Names>;

/** Of an interface or a union: `__resolveType` is required where values do not carry `__typename`. */
export type AbstractResolvers<Parent, Context, Names extends string> =
  Assignable<Parent, { readonly __typename: Names }> extends true
    ? { readonly __resolveType?: ResolveType<Parent, Context, Names> }
    : { readonly __resolveType: ResolveType<Parent, Context, Names> };

type Needed<Map> = { [Name in keyof Map]: Record<never, never> extends Map[Name] ? never : Name }[keyof Map];

/** A resolver map: a type may be left out when none of its resolvers is required. */
export type ResolverMap<Map> = { readonly [Name in Needed<Map>]: Map[Name] } & {
  readonly [Name in Exclude<keyof Map, Needed<Map>>]?: Map[Name];
};
