import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dataRead, datasetRead, previewRead, versionRead } from "../../../records/datasets/schemas.ts";
import { projectPath } from "../../support/program.ts";
import { projects, ready, sqlTexts, startApi, startStore, type TestApi } from "../support.ts";

let store: Awaited<ReturnType<typeof startStore>>;
let api: TestApi;
let organization: string;
/** A file of three rows, as the Python SDK wrote it. */
let content: string;

beforeAll(async () => {
  store = await startStore();
  ({ api } = store);
  organization = (await api.get("/organizations/my")).body[0].id;
  const recorded = await readFile(projectPath("test/testdata/zeroeval/python-0.10.4.json"), "utf8");
  content = /"content_base64": "([^"]+)"/.exec(recorded)![1]!;
}, 60_000);
afterAll(() => store.stop());

const create = (slug: string) => api.post(`/v1/datasets?organization_id=${organization}`, { slug, display_name: slug });
const file = (path = "data/default.parquet") => ({ path, content_base64: content });
const push = (slug: string, ...files: object[]) =>
  api.post(`/v1/datasets/${organization}/${encodeURIComponent(slug)}/versions`, { message: "new", files });

describe("datasets of files", () => {
  test("a pushed file comes back with the types of its columns, page by page", async () => {
    expect((await create("typed")).status).toBe(200);
    expect((await create("typed")).status).toBe(409);
    const version = await push("typed", file());
    expect(version).toMatchObject({ status: 200, body: { version_number: 1, row_count: 3, subsets: ["default"] } });
    expect(versionRead.parse(version.body)).toEqual(version.body);
    const page = await api.get(`/v1/datasets/${organization}/typed/data/main?subset=default&limit=2&offset=1`);
    expect(previewRead.parse(page.body)).toEqual(page.body);
    expect(page.body).toMatchObject({
      total_rows: 3,
      rows: [
        { question: "Spain?", rank: 2, share: 1.5, capital: false, tags: ["c"], at: { x: 2 } },
        { question: "Peru?", rank: null, share: null, capital: null, tags: [], at: { x: null } },
      ],
    });
    const info = await api.get(`/v1/datasets/${organization}/typed`);
    expect(datasetRead.parse(info.body)).toEqual(info.body);
    expect(info.body).toMatchObject({ slug: "typed", subsets: ["default"], latest_version: { id: version.body.id } });
  });

  test("a version is found by its number, id, commit and as the newest one", async () => {
    await create("refs");
    const first = (await push("refs", file())).body;
    await push("refs", file("data/train.parquet"), file("data/test.parquet"));
    const at = async (ref: string, subset: string) =>
      (await api.get(`/v1/datasets/${organization}/refs/data/${ref}?subset=${subset}`)).body.version?.version_number;
    expect([await at("1", "default"), await at(first.id, "default"), await at(first.commit_sha, "default")]).toEqual([
      1, 1, 1,
    ]);
    expect([await at("main", "train"), await at("refs%2Fheads%2Fmain", "test")]).toEqual([2, 2]);
    expect([await at("main", "default"), await at("3", "default"), await at("none", "default")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("older SDKs read the same rows as texts, and newer ones theirs", async () => {
    await create("shared");
    await push("shared", file());
    const old = await api.get("/v1/datasets/shared/data?limit=1");
    expect(dataRead.parse(old.body)).toEqual(old.body);
    expect(old.body).toMatchObject({
      totalRows: 3,
      rows: [{ data: { question: "France?", rank: "1", tags: '["a","b"]' } }],
    });
    await api.post("/v1/datasets", { name: "texts" });
    await api.post("/v1/datasets/texts/data", { data: [{ a: "b" }] });
    const { rows } = (await api.get(`/v1/datasets/${organization}/texts/data/main`)).body;
    expect(rows).toEqual([{ a: "b", row_id: expect.any(String) }]);
  });

  test("what is no Parquet, or not as large as it says, is refused and leaves no version", async () => {
    await create("broken");
    const text = Buffer.from("SELECT 1").toString("base64");
    const answers = [
      await push("broken", { path: "data/default.parquet", content_base64: text }),
      await push("broken", { ...file(), size_bytes: 1 }),
      await push("broken", file("a/x.parquet"), file("b/x.parquet")),
      await push("broken", file("x.csv")),
      await push("broken"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
    expect((await api.get("/v1/datasets/broken/versions")).body).toEqual([]);
  });

  test.each<[object, string]>([
    [{ max_rows_per_file: 2 }, "has 3 rows; a file may have at most 2"],
    [{ max_bytes_per_file: 10 }, "cannot be read"],
  ])("a file that passes %j is refused", async (datasets, why) => {
    const strict = await startApi(store.clickhouse, { datasets });
    try {
      await ready(strict);
      await strict.post("/v1/datasets", { name: why });
      const { status, body } = await strict.post(`/v1/datasets/${encodeURIComponent(why)}/versions`, {
        files: [file()],
      });
      expect([status, body.detail]).toEqual([400, expect.stringContaining(why)]);
    } finally {
      await strict.stop();
    }
  });

  test("another organization, another project and a key that may only read get nothing", async () => {
    await create("private");
    await push("private", file());
    const foreign = projects.b;
    expect((await api.get(`/organizations/${foreign}/projects`)).status).toBe(404);
    expect((await api.get(`/v1/datasets/${foreign}/private`)).status).toBe(404);
    for (const path of ["", "/versions", "/data", "/data/main"]) {
      expect((await api.get(`/v1/datasets/private${path}`, "b")).status).toBe(404);
    }
    expect((await api.post("/v1/datasets/private/versions", { files: [file()] }, "reader")).status).toBe(403);
    expect((await api.get(`/organizations/${organization}/projects`)).body).toMatchObject([
      { id: projects.a, name: "a" },
    ]);
  });

  test.each(sqlTexts)("a name, subset or ref of %j is only a text", async (text) => {
    expect((await create(text)).status).toBe(200);
    expect((await push(text, file())).status).toBe(200);
    const path = `/v1/datasets/${organization}/${encodeURIComponent(text)}/data/main`;
    expect((await api.get(path)).body.total_rows).toBe(3);
    expect((await api.get(`${path}?subset=${encodeURIComponent(text)}`)).status).toBe(404);
  });
});
