/**
 * How operations that are named rather than written are refused. Codes, messages and the status 200 of the first two
 * are those of the persisted-query protocol: clients look for them to send the text instead.
 */
import { GraphQLError } from "graphql";

const ANSWER_OF_THE_MOMENT = "private, no-cache, must-revalidate";

/** Nobody has sent this text yet, or it was forgotten: send it together with its hash. */
export function notFound(): GraphQLError {
  return askAnotherWay("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND");
}

/** This gateway keeps no texts: send them. */
export function notSupported(): GraphQLError {
  return askAnotherWay("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED");
}

export function idNotInList(): GraphQLError {
  return refusal("PERSISTED_QUERY_NOT_IN_LIST", "No operation of this id is registered here.");
}

export function textNotInList(): GraphQLError {
  return refusal("QUERY_NOT_IN_SAFELIST", "Only registered operations run here: this document is none of them.");
}

export function mismatch(): GraphQLError {
  return refusal("BAD_REQUEST", "provided sha does not match query");
}

export function noDocument(): GraphQLError {
  return malformed("Send the document as `query`, or name it by `documentId` or `extensions.persistedQuery`.");
}

export function malformed(what: string): GraphQLError {
  return refusal("BAD_REQUEST", what);
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
}

function askAnotherWay(message: string, code: string): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code, http: { status: 200, headers: new Map([["cache-control", ANSWER_OF_THE_MOMENT]]) } },
  });
}
