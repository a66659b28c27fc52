/**
 * Relay connections (https://relay.dev/graphql/connections.htm) over keyset pages. Our ids and sequences sort by time,
 * so one key per row is enough. Cursors are opaque and signed: a client cannot craft one, and a cursor of another list
 * is refused.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { GraphQLResolveInfo } from "graphql";
import { AppError } from "../errors/app-error.ts";
import { selects } from "./selects.ts";

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** A validated page request. `take` rows beyond `key`, walking forward or backward in the list's order. */
export interface Page {
  readonly take: number;
  readonly direction: "forward" | "backward";
  readonly key?: string;
  /** Did the operation ask for `totalCount`? Counting costs as much as reading the page. */
  readonly counted: boolean;
}

export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number | null;
}

export interface CursorCodec {
  encode(list: string, key: string): string;
  /**
   * @param argument that holds it
   * @throws AppError `BAD_USER_INPUT` for a cursor that is not ours or belongs to another list
   */
  decode(list: string, cursor: string, argument?: string): string;
}

const MAX_PAGE = 100;

/** @param secrets the first signs, all verify */
export function createCursorCodec(secrets: readonly string[]): CursorCodec {
  const mac = (secret: string, list: string, key: string) =>
    createHmac("sha256", secret).update(`cursor\n${list}\n${key}`).digest().subarray(0, 12);
  return {
    encode(list, key) {
      const [secret = ""] = secrets;
      return Buffer.concat([mac(secret, list, key), Buffer.from(key)]).toString("base64url");
    },
    decode(list, cursor, argument = "after") {
      const bytes = Buffer.from(cursor, "base64url");
      const key = bytes.subarray(12).toString();
      const genuine =
        bytes.length > 12 && secrets.some((secret) => timingSafeEqual(mac(secret, list, key), bytes.subarray(0, 12)));
      if (!genuine)
        throw new AppError(
          "BAD_USER_INPUT",
          "This cursor is not valid for this list: use a cursor of one of its pages.",
          { details: { field: [argument] } },
        );
      return key;
    },
  };
}

/**
 * @param list a name for the list, bound into its cursors
 * @param info of the resolver that returns the connection
 * @throws AppError `BAD_USER_INPUT` unless exactly one of `first` and `last` is given, between 1 and 100
 */
export function parsePage(
  list: string,
  { first, after, last, before }: PageArguments,
  cursors: CursorCodec,
  info: Pick<GraphQLResolveInfo, "fieldNodes" | "fragments">,
): Page {
  const forward = first !== null && first !== undefined;
  const size = forward ? first : last;
  if (
    forward === (last !== null && last !== undefined) ||
    size === null ||
    size === undefined ||
    size < 1 ||
    size > MAX_PAGE
  ) {
    throw new AppError("BAD_USER_INPUT", `Ask for a page with either \`first\` or \`last\`, from 1 to ${MAX_PAGE}.`);
  }
  const cursor = forward ? after : before;
  if ((forward ? before : after) != null) {
    throw new AppError("BAD_USER_INPUT", "Use `after` with `first`, and `before` with `last`.");
  }
  return {
    take: size,
    direction: forward ? "forward" : "backward",
    ...(cursor == null ? {} : { key: cursors.decode(list, cursor, forward ? "after" : "before") }),
    counted: selects(info, "totalCount"),
  };
}

export interface ConnectionSource<Row> {
  readonly list: string;
  readonly page: Page;
  /** Up to `take + 1` rows in walking order: the extra one tells that there are more. */
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Null when it was not asked for. */
  readonly totalCount: number | null;
}

export function toConnection<Row>(source: ConnectionSource<Row>, cursors: CursorCodec): Connection<Row> {
  const { list, page, rows, keyOf, totalCount } = source;
  const more = rows.length > page.take;
  const shown = rows.slice(0, page.take);
  if (page.direction === "backward") shown.reverse();
  // Signed where they are asked for: most operations ask for the last one only.
  const cursorOf = (node: Row) => cursors.encode(list, keyOf(node));
  const cursorAt = (index: number) => {
    const node = shown.at(index);
    return node === undefined ? null : cursorOf(node);
  };
  const resumed = page.key !== undefined;
  return {
    edges: shown.map((node) => ({
      node,
      get cursor() {
        return cursorOf(node);
      },
    })),
    pageInfo: {
      hasNextPage: page.direction === "forward" ? more : resumed,
      hasPreviousPage: page.direction === "backward" ? more : resumed,
      get startCursor() {
        return cursorAt(0);
      },
      get endCursor() {
        return cursorAt(-1);
      },
    },
    totalCount,
  };
}
