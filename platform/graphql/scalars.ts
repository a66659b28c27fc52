/** Resolvers of the custom scalars that all subgraphs share. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from "graphql";
import { DateTimeISOResolver, JSONResolver } from "graphql-scalars";
import { parseEmailAddress } from "../validation/email-address.ts";
import { unstorableText } from "../validation/text/unstorable-text.ts";

/**
 * An integer of 64 bits, as the databases hold it: a JSON string on the wire (numbers lose precision beyond 2^53), a
 * bigint inside.
 */
const BigIntScalar = new GraphQLScalarType<bigint, string>({
  name: "BigInt",
  serialize(value) {
    if (typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value)))
      return value.toString();
    if (typeof value === "string" && /^-?\d+$/.test(value)) return value;
    throw new GraphQLError("BigInt cannot represent this value");
  },
  parseValue: parseBigInt,
  parseLiteral(node) {
    if (node.kind === Kind.INT || node.kind === Kind.STRING) return parseBigInt(node.value);
    throw new GraphQLError('BigInt must be a decimal integer in a string, e.g. "1999"', { nodes: node });
  },
});

function parseBigInt(value: unknown): bigint {
  const written = typeof value === "string" && /^-?\d{1,30}$/.test(value);
  if (!written && !Number.isSafeInteger(value)) {
    throw new GraphQLError('BigInt must be a decimal integer in a string, e.g. "1999"');
  }
  const integer = BigInt(String(value));
  if (BigInt.asIntN(64, integer) !== integer) throw new GraphQLError("BigInt has at most 64 bits");
  return integer;
}

/**
 * A moment of the years 1 to 9999 in UTC. An offset may lead beyond them from inside, where RFC 3339 has no spelling
 * any more and Postgres another calendar.
 */
const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: "DateTime",
  serialize: DateTimeISOResolver.serialize,
  parseValue: (value) => inRange(DateTimeISOResolver.parseValue(value)),
  parseLiteral: (node, variables) => inRange(DateTimeISOResolver.parseLiteral(node, variables)),
});

const [FIRST_MOMENT, LAST_MOMENT] = [Date.parse("0001-01-01T00:00:00.000Z"), Date.parse("9999-12-31T23:59:59.999Z")];

function inRange(moment: Date): Date {
  const time = moment.getTime();
  if (time >= FIRST_MOMENT && time <= LAST_MOMENT) return moment;
  throw new GraphQLError("DateTime is of the years 0001 to 9999 in UTC");
}

/** Any JSON whose texts a store can hold. */
const JsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: "JSON",
  serialize: (value) => JSONResolver.serialize(value),
  parseValue: (value) => storable(JSONResolver.parseValue(value)),
  parseLiteral: (node, variables) => storable(JSONResolver.parseLiteral(node, variables)),
});

function storable(value: unknown): unknown {
  const problem = unstorableText(value);
  if (problem === undefined) return value;
  throw new GraphQLError(`JSON holds ${problem}, which cannot be stored`);
}

/** One mailbox has one spelling. */
const EmailAddressScalar = new GraphQLScalarType<string, string>({
  name: "EmailAddress",
  serialize: (value) => String(value),
  parseValue: (value) => parseEmail(value),
  parseLiteral: (node) => parseEmail(node.kind === Kind.STRING ? node.value : undefined, node),
});

const NO_EMAIL = "An e-mail address is like ada@example.com";

/** @param node Where the value stands in a document; the error names its field by it */
function parseEmail(value: unknown, node?: ValueNode): string {
  const address = typeof value === "string" ? parseEmailAddress(value) : undefined;
  if (address === undefined) throw new GraphQLError(NO_EMAIL, { nodes: node ?? null });
  return address;
}

const CurrencyCodeScalar = new GraphQLScalarType<string, string>({
  name: "CurrencyCode",
  serialize: (value) => String(value),
  parseValue(value) {
    if (typeof value === "string" && /^[A-Z]{3}$/.test(value)) return value;
    throw new GraphQLError("CurrencyCode must be an ISO 4217 code such as EUR");
  },
});

export const scalars = {
  DateTime: DateTimeScalar,
  BigInt: BigIntScalar,
  EmailAddress: EmailAddressScalar,
  CurrencyCode: CurrencyCodeScalar,
  JSON: JsonScalar,
};
