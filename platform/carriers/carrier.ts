/**
 * How something leaves the platform for somebody's address: one interface, one driver per way. A driver sends once.
 * When it is sent again is decided by whoever gives the turns: the delivery engine of this room, or a consumer of the
 * event log.
 */

/** @typeParam Message what this way needs to know; its id is the same each time that it is sent */
export interface Carrier<Message> {
  /** As stored deliveries, logs and metrics name it: never change it. */
  readonly name: string;
  /**
   * Sends once, in bounded time. Resolves when the receiver took the message for good, with what it said.
   * @throws CarrierFailure when it was not taken, or nobody knows
   */
  send(message: Message): Promise<string>;
  /** Ends its connections, once what is under way is over. */
  close(): Promise<void>;
}

export interface FailureFacts {
  /** The receiver will never take this message: sending it again is in vain. */
  readonly permanent: boolean;
  /** How long the receiver wants to be left alone, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Says that a message was not taken. Its message is shown to whoever chose the address, so it names nothing of ours.
 * Keeps no `cause`: a receiver that is away must not read like our own store being away.
 */
export class CarrierFailure extends Error {
  override readonly name = "CarrierFailure";
  readonly permanent: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { permanent, retryAfterMs }: FailureFacts) {
    super(message);
    this.permanent = permanent;
    this.retryAfterMs = retryAfterMs;
  }
}
