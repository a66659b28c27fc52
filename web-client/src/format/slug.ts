import { constraints } from "../../../schema/generated/operations.ts";

/** What the server makes of a name when it is given no slug; it adds a suffix when that is taken. */
export function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, constraints.slug.max)
    .replaceAll(/^-+|-+$/g, "");
  if (slug.length >= constraints.slug.min) return slug;
  return slug === "" ? "org" : `org-${slug}`;
}
