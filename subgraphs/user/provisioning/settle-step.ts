/** Somebody who carries out a step of a saga answered. */
import { handleAsCommand } from "../../../platform/events/handler-scope.ts";
import type { RoutedHandler } from "../../../platform/events/routing-table.ts";
import { stepSettled } from "../../../platform/saga/saga-messages.ts";
import type { ConsumerServices } from "../services.ts";
import type { UserTransaction } from "../store/database.ts";

export const settleStep: RoutedHandler<ConsumerServices, UserTransaction> = ({ outbox, rowCaches, sagas }, event, tx) =>
  handleAsCommand({ outbox, evict: rowCaches.evict }, tx, event, (scope) => {
    const { sagaId, ...reply } = stepSettled.parse(event.data);
    return sagas.settle(scope, sagaId, reply);
  });
