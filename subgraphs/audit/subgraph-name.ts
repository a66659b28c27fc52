import { basename } from "node:path";

/** The subgraph's name, for its command lines: its folder's, as everywhere. */
export const NAME = basename(import.meta.dirname);

/** The consumer that records events: also its name in the inbox and in dead letters. */
export const RECORDER = "audit.entries";

/** The consumer that hears of jobs' runs: also its name in the inbox and in dead letters. */
export const RUN_RECORDER = "audit.job-runs";

/** What reads dead letters. Never change it, or each is read anew. */
export const LETTER_READER = "audit.dead-letters";
