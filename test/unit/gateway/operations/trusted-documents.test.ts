import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { documentHash } from "../../../../gateway/operations/document-hash.ts";
import { readTrustedDocuments } from "../../../../gateway/operations/trusted-documents.ts";

const BODY = "query Viewer { viewer { id } }";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tributary-manifest-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function manifest(
  ...operations: readonly { readonly id: string; readonly name: string; readonly body: string }[]
) {
  const file = join(folder, `${crypto.randomUUID()}.json`);
  const content = { format: "apollo-persisted-query-manifest", version: 1, operations };
  await writeFile(file, JSON.stringify(content));
  return file;
}

test("manifests of several client versions are known together", async () => {
  const first = await manifest({ id: documentHash(BODY), name: "Viewer", body: BODY });
  const second = await manifest(
    { id: documentHash(BODY), name: "Viewer", body: BODY },
    { id: "two", name: "Plans", body: "query Plans { plans { id } }" },
  );
  const documents = await readTrustedDocuments([first, second]);
  expect(documents.text(documentHash(BODY))).toBe(BODY);
  expect(documents.text("constructor")).toBeUndefined();
  expect(documents.holds("query Plans { plans { id } }")).toBe(true);
  expect([...documents.names].sort()).toEqual(["Plans", "Viewer"]);
});

test("a manifest that cannot be relied on ends the start", async () => {
  const broken = join(folder, "broken.json");
  await writeFile(broken, "{");
  const files = [
    join(folder, "absent.json"),
    broken,
    await manifest({ id: documentHash("another"), name: "Viewer", body: BODY }),
    await manifest({ id: "one", name: "Viewer", body: "query {" }),
    await manifest({ id: "one", name: "Viewer", body: "fragment F on T { id }" }),
    await manifest({ id: "one", name: "Viewer", body: BODY }, { id: "one", name: "Viewer", body: `${BODY} ` }),
  ];
  for (const file of files) {
    await expect(readTrustedDocuments([file])).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(file),
    });
  }
});
