import { findUser } from "../../user/store.ts";

export const payInvoice = (payerId: string): string => findUser(payerId);
