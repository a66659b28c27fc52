/**
 * Tells the time of the process. The second sentence of this comment stands on a line of its own, since the first one
 * leaves no room for it.
 */
export const now = (): Date => new Date();

// https://example.com/an/address/that/is/longer/than/a/line/may/be/and/that/nobody/can/wrap/since/it/has/no/space/at/all/in/it
// biome-ignore lint/suspicious/noExplicitAny: the linter reads its directives from one line, so this reason may be long
export const later: any = "a string that is longer than 120 columns is not a comment, so the formatter and its author decide // about it";
