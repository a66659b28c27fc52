/** The Redis server and key prefix that the processes of one installation share. */
export interface RedisNamespace {
  /** redis:// or rediss:// */
  readonly url: string;
  /**
   * Begins the names of all keys and channels: installations that share a Redis have different prefixes.
   */
  readonly prefix: string;
}
