/**
 * Purpose of the seal of addresses that one subgraph tells another by an event: where an organisation wants its mails.
 * Events are kept, and nobody's address stands in them in the clear. The owner of such a text is the organisation.
 */
export const CONTACT_ADDRESSES = "contact addresses";
