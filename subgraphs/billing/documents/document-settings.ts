/** Settings of printable invoices and credit notes. */
import { z } from "zod";
import { url } from "../../../platform/config/setting-kinds.ts";

export const documentSettings = {
  BILLING_DOCUMENTS_URL: url("http", "https")
    .default("http://127.0.0.1:4000")
    .describe("Address of the gateway as browsers know it, for links to printable invoices"),
  BILLING_SELLER_NAME: z.string().min(1).default("Tributary").describe("Who issues invoices, as they are printed"),
  BILLING_SELLER_ADDRESS: z
    .string()
    .optional()
    .describe("Postal address of who issues invoices; a semicolon begins a new line"),
  BILLING_SELLER_TAX_ID: z.string().optional().describe("Tax id of who issues invoices, such as an EU VAT id"),
};

export type DocumentSettings = z.infer<z.ZodObject<typeof documentSettings>>;
