/** The Redis server and key prefix that the processes of one installation share. */
export interface RedisNamespace {
  /** redis:// or rediss:// */
  readonly url: string;
  /**
   * Begins the names of everything that is kept or told there: installations that share a Redis have different ones.
   */
  readonly prefix: string;
}
