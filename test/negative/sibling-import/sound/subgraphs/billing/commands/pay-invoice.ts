import { reference } from "../references.ts";

export const payInvoice = (payerId: string): string => reference(payerId);
