import type { ResolversOf } from "../../../schema/generated/shop.ts";
import { isOver } from "../offer-end.ts";

interface Context {
  readonly services: { readonly clock: { now(): Date } };
}
interface Parents {
  readonly Offer: { readonly id: string; readonly endsAt: Date };
}

export const offer: ResolversOf<"Offer", Context, Parents> = {
  daysLeft: ({ endsAt }, _args, { services }) => Math.ceil((endsAt.getTime() - services.clock.now().getTime()) / 864e5),
  over: ({ endsAt }) => isOver(endsAt),
  // What is due now is no time: a comment reads no clock.
  endsAt: ({ endsAt }) => new Date(endsAt),
};
