import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sessionIssuer } from "../../../platform/graphql/subgraph-definition.ts";
import { listSubgraphs } from "../../../subgraphs/list.ts";

const PROJECT = join(import.meta.dirname, "../../..");

test("the project's subgraphs are its folders, and one of them issues sessions", async () => {
  const subgraphs = await listSubgraphs();
  expect(subgraphs.map(({ name }) => name)).toEqual(["audit", "billing", "user"]);
  expect(sessionIssuer(subgraphs).name).toBe("user");
  expect(() => sessionIssuer(subgraphs.filter(({ name }) => name !== "user"))).toThrow("must issue sessions");
});

test("whoever consumes the events of all others consumes those of a new subgraph, and never its own", async () => {
  const audit = (await listSubgraphs()).find(({ name }) => name === "audit");
  expect(audit?.consumedTopics).toEqual(["billing.events", "user.events"]);
});

describe("a checkout", () => {
  let root: string;

  beforeEach(async () => {
    // Within the project, so that packages are found.
    await mkdir(join(PROJECT, ".cache"), { recursive: true });
    root = await mkdtemp(join(PROJECT, ".cache/list-"));
    await mkdir(join(root, "subgraphs"));
    await mkdir(join(root, "prisma/shared"), { recursive: true });
    await cp(join(PROJECT, "prisma/shared/schema.prisma"), join(root, "prisma/shared/schema.prisma"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const write = async (file: string, content = "") => {
    await mkdir(join(root, file, ".."), { recursive: true });
    await writeFile(join(root, file), content);
  };
  const definition = (members: string): string => {
    const from = join(PROJECT, "platform/graphql/subgraph-definition.ts");
    return `import { defineSubgraph } from "${from}";
      export const subgraph = defineSubgraph({
        settings: {}, answersFromMemory: false, create: async () => { throw new Error("not needed"); }, ${members} });`;
  };
  /** All that belongs to a subgraph, as far as the list looks. */
  const add = async (name: string, members: string) => {
    await write(`subgraphs/${name}/subgraph.ts`, definition(members));
    for (const file of [`schema/${name}.graphql`, `schema/generated/${name}.ts`]) await write(file);
    for (const file of ["schema.prisma", "generated/client.ts"]) await write(`prisma/${name}/${file}`);
  };
  const refusal = async (): Promise<string> =>
    listSubgraphs(root).then(
      () => "nothing was refused",
      (error: unknown) => String(error),
    );

  test("has the subgraphs whose folders it holds, with what follows from their names", async () => {
    await add("notes", 'port: 4004, consumes: "others"');
    await add("tags", 'port: 4005, consumes: ["notes"]');
    expect(await listSubgraphs(root)).toMatchObject([
      { name: "notes", port: 4004, topic: "notes.events", consumedTopics: ["tags.events"], issuesSessions: false },
      { name: "tags", port: 4005, topic: "tags.events", consumedTopics: ["notes.events"] },
    ]);
    for (const folder of ["subgraphs/tags", "prisma/tags"]) await rm(join(root, folder), { recursive: true });
    expect((await listSubgraphs(root)).map(({ name }) => name)).toEqual(["notes"]);
  });

  test.each([
    ["subgraphs/notes/subgraph.ts", "add it, or remove the subgraph notes"],
    ["schema/notes.graphql", "add it, or remove the subgraph notes"],
    ["schema/generated/notes.ts", "run npm run schema"],
    ["prisma/notes/schema.prisma", "add it, or remove the subgraph notes"],
    ["prisma/notes/generated/client.ts", "run npm run db:generate"],
  ])("whose %s is missing is refused by that name, and told what to do", async (file, advice) => {
    await add("notes", "port: 4004");
    await rm(join(root, file));
    expect(await refusal()).toContain(`subgraphs/notes is incomplete: ${file} is missing (${advice})`);
  });

  test("is refused with everything that is missing at once", async () => {
    await mkdir(join(root, "subgraphs/notes"));
    expect((await refusal()).match(/is missing/g)).toHaveLength(5);
  });

  test("with a database of no subgraph is refused by its name", async () => {
    await add("notes", "port: 4004");
    await rm(join(root, "subgraphs/notes"), { recursive: true });
    expect(await refusal()).toContain("prisma/notes belongs to no subgraph: remove it, or restore subgraphs/notes");
  });

  test("whose subgraph.ts exports something else is refused", async () => {
    await add("notes", "port: 4004");
    await write("subgraphs/notes/subgraph.ts", "export const subgraph = { port: 4004, settings: {} };");
    expect(await refusal()).toContain("subgraphs/notes/subgraph.ts must export `subgraph`, made by defineSubgraph");
  });

  test("with two subgraphs on one port is refused by both names", async () => {
    await add("notes", "port: 4004");
    await add("tags", "port: 4004");
    expect(await refusal()).toContain("subgraphs/notes and subgraphs/tags have the same port 4004");
  });

  test("with a subgraph that consumes the events of one that is not there is refused by both names", async () => {
    await add("notes", 'port: 4004, consumes: ["tags"]');
    expect(await refusal()).toContain("subgraphs/notes consumes the events of tags, but there is no subgraphs/tags");
  });

  test("with two subgraphs that declare one variable differently is refused by its name", async () => {
    const members = (port: number) => `port: ${port}, settings: { SIZE: (await import("zod")).z.string() }`;
    await add("notes", members(4004));
    await add("tags", members(4005));
    expect(await refusal()).toContain("subgraphs/notes and subgraphs/tags both declare SIZE: name one differently");
  });

  test("with a name that topics, roles and variables cannot have is refused", async () => {
    await mkdir(join(root, "subgraphs/order-notes"));
    expect(await refusal()).toContain("subgraphs/order-notes: the name of a subgraph has lower-case letters only");
  });
});
