/** Names under which cached answers are dropped when an event says that something changed. */

export const entityTag = (id: string): string => `entity:${id}`;
export const organizationTag = (id: string): string => `organization:${id}`;
export const userTag = (id: string): string => `user:${id}`;

/** In a hint: dropped at every event of the organisations that the value was read for. */
export const ORGANIZATION_TAG = "organization";
