import { describe, expect, test } from "vitest";
import { pickedFiles, pickedShare } from "./picked-share.js";

function file(path: string): File {
  const made = new File(["x"], path.split("/").at(-1) ?? "");
  Object.defineProperty(made, "webkitRelativePath", { value: path.includes("/") ? path : "" });
  return made;
}

function share(...paths: string[]) {
  const made = pickedShare(pickedFiles(paths.map(file)));
  return made && { ...made, files: made.files.map(({ path }) => path.join("/")) };
}

describe("pickedShare", () => {
  test("one file is a share of that file", () => {
    expect(share("holiday.mov")).toEqual({ name: "holiday.mov", isFolder: false, files: ["holiday.mov"] });
  });

  test("a folder keeps its name, its files their places in it, also when there is only one", () => {
    expect(share("thesis/data/a.csv", "thesis/b.md")).toEqual({
      name: "thesis",
      isFolder: true,
      files: ["data/a.csv", "b.md"],
    });
    expect(share("thesis/b.md")).toEqual({ name: "thesis", isFolder: true, files: ["b.md"] });
  });

  test("several files, or files beside folders, come in a folder named after the first", () => {
    expect(share("a.txt", "b.txt", "c/d.txt")).toEqual({
      name: "a and 2 more",
      isFolder: true,
      files: ["a.txt", "b.txt", "c/d.txt"],
    });
    expect(share(`${"long ".repeat(100)}.txt`, "b")?.name.length).toBeLessThan(80);
  });

  test("nothing is no share", () => {
    expect(share()).toBeUndefined();
  });
});

test("files of one name are told apart", () => {
  const paths = pickedFiles(["image.png", "image.png", "image 2.png", "README", "README"].map(file)).map(({ path }) =>
    path.join("/"),
  );
  expect(paths).toEqual(["image.png", "image 2.png", "image 2 2.png", "README", "README 2"]);
});
