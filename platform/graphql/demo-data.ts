/** What a subgraph adds to the demo data of an embedded installation. */
import type { z } from "zod";

/** The API as a client has it. */
export interface DemoApi {
  /**
   * @returns the data of the answer, checked
   * @throws Error with the errors of the answer
   */
  run<Schema extends z.ZodType>(
    query: string,
    variables: Readonly<Record<string, unknown>>,
    schema: Schema,
  ): Promise<z.infer<Schema>>;
  /** Whoever this access token belongs to asks from now on, for subgraphs that are prepared later, too. */
  signIn(accessToken: string): void;
}

export interface DemoData {
  /** Who can sign in afterwards, in words. */
  readonly account?: string;
  /** Safe to repeat: what an interrupted attempt left is found and completed. */
  prepare(api: DemoApi): Promise<void>;
}
