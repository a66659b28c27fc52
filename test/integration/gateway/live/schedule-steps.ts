// What a random schedule is made of.
import fc from "fast-check";

export type Step =
  | { readonly do: "publish"; readonly stream: number; readonly count: number }
  /** The relay died between append and mark: its last batch comes again. */
  | { readonly do: "repeat"; readonly stream: number }
  | { readonly do: "leave"; readonly subscriber: number; readonly forgotten: number }
  | { readonly do: "return"; readonly subscriber: number }
  | { readonly do: "join"; readonly stream: number }
  /** Another supergraph, in which every running operation stays valid. */
  | { readonly do: "reload" }
  /** Another gateway over the same log: `before` the old one stops, or after it. */
  | { readonly do: "restart"; readonly before: boolean }
  /** The gateway's connections to the log break, or hang. */
  | { readonly do: "cut"; readonly hang: boolean }
  | { readonly do: "heal" }
  /** Lets the gateway get on with its work. */
  | { readonly do: "rest"; readonly ms: number };

/** Subscribers that are there from the start; every stream has at least one. */
export const STREAMS = 3;
export const SUBSCRIBERS = 5;
const MAX_STEPS = 30;

const stream = fc.nat({ max: STREAMS - 1 });
const subscriber = fc.nat({ max: SUBSCRIBERS - 1 });

export const schedule: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record({ do: fc.constant("publish" as const), stream, count: fc.integer({ min: 1, max: 6 }) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const), stream }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("leave" as const), subscriber, forgotten: fc.nat({ max: 3 }) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("return" as const), subscriber }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("join" as const), stream }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reload" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), before: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), hang: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("heal" as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("rest" as const), ms: fc.integer({ min: 1, max: 40 }) }) },
  ),
  { minLength: 8, maxLength: MAX_STEPS },
);
