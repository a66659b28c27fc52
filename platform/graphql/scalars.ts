/** Resolvers of the custom scalars that all subgraphs share. */
import { GraphQLError, GraphQLScalarType, Kind } from "graphql";
import { DateTimeISOResolver, EmailAddressResolver, JSONResolver } from "graphql-scalars";

/** An integer of any size: a JSON string on the wire (numbers lose precision beyond 2^53), a bigint inside. */
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
  if (typeof value === "string" && /^-?\d{1,30}$/.test(value)) return BigInt(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  throw new GraphQLError('BigInt must be a decimal integer in a string, e.g. "1999"');
}

/** One address has one spelling: trimmed and lower case. */
const EmailAddressScalar = new GraphQLScalarType<string, string>({
  name: "EmailAddress",
  serialize: (value) => String(value),
  parseValue: (value) =>
    normalizeEmail(EmailAddressResolver.parseValue(typeof value === "string" ? value.trim() : value)),
  parseLiteral: (node, variables) => normalizeEmail(EmailAddressResolver.parseLiteral(node, variables)),
});

function normalizeEmail(value: unknown): string {
  const address = String(value).trim().toLowerCase();
  if (address.length > 254) throw new GraphQLError("An e-mail address has at most 254 characters");
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
  DateTime: DateTimeISOResolver,
  BigInt: BigIntScalar,
  EmailAddress: EmailAddressScalar,
  CurrencyCode: CurrencyCodeScalar,
  JSON: JSONResolver,
};
