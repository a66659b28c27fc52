/**
 * The errors of one answer, each at the null that it explains. Source: GraphQL specification (October 2021), "Handling
 * Field Errors": a null has one error, also where it was passed on from a field that may not be null.
 */
import { GraphQLError } from "graphql";
import { AppError } from "../../../platform/errors/app-error.ts";
import { WRONG_ANSWER } from "../../errors/public-error.ts";
import type { Failure } from "../execution/failures.ts";

export type AnswerPath = readonly (string | number)[];

/**
 * Told in one answer: a page of entities that failed, several times over. Of what goes beyond, the last error says how
 * much it is.
 */
export const MAX_ERRORS = 1_000;

export class AnswerErrors {
  /** Told or left out so far. */
  count = 0;
  private readonly reported: GraphQLError[] = [];
  private last: GraphQLError | undefined;
  /** Nobody is told: it is only looked what would be. */
  private readonly trial: boolean;

  constructor({ trial = false } = {}) {
    this.trial = trial;
  }

  /** Something that the writer itself finds wrong: with what subgraphs answered, since the schema says otherwise. */
  add(message: string, path: AnswerPath): void {
    this.put(new GraphQLError(message, { path: [...path], extensions: { code: WRONG_ANSWER } }));
  }

  /** @param path absent for what is about nothing in particular */
  tell(failure: Failure, path?: AnswerPath): void {
    if (!this.trial) failure.reported = true;
    const { message, extensions } = failure.error;
    const place = path === undefined ? {} : { path: [...path] };
    this.put(new GraphQLError(message, { ...place, extensions: extensions ?? null }));
  }

  /** Of the errors since `count` was this the last one stays: what it made null holds whatever the others are about. */
  keepLastSince(count: number): void {
    if (this.count <= count + 1 || this.last === undefined) return;
    this.reported.length = Math.min(this.reported.length, count);
    this.count = count;
    this.put(this.last);
  }

  all(): readonly GraphQLError[] {
    const left = this.count - this.reported.length;
    return left === 0 ? this.reported : [...this.reported, leftOut(left)];
  }

  private put(error: GraphQLError): void {
    this.count += 1;
    this.last = error;
    if (this.reported.length < MAX_ERRORS) this.reported.push(error);
  }
}

function leftOut(count: number): GraphQLError {
  const message = `${count} more errors are left out: ask for less at once to be told of each.`;
  return new GraphQLError(message, {
    originalError: new AppError("INCOMPLETE", message, { details: { leftOut: count } }),
  });
}
