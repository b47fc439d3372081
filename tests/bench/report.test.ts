import { expect, test } from "vitest";
import { formatTable, replaceSection } from "./report.js";

test("makes a Markdown table whose cells cannot break it", () => {
  const table = { title: "Rates", columns: ["who", "MiB/s"], rows: [["a|b", "12"], ["c"]], notes: ["Warm."] };
  expect(formatTable(table)).toBe(
    [
      "### Rates",
      "",
      "| who  | MiB/s |",
      "| ---- | ----- |",
      "| a\\|b | 12    |",
      "| c    |       |",
      "",
      "- Warm.",
      "",
    ].join("\n"),
  );
});

test("replaces its own section alone", () => {
  const document = replaceSection(replaceSection("# All\n", "one", "1"), "two", "2");
  expect(document).toBe(
    "# All\n\n<!-- bench:one -->\n\n1\n\n<!-- /bench:one -->\n\n<!-- bench:two -->\n\n2\n\n<!-- /bench:two -->\n",
  );
  expect(replaceSection(document, "one", "three")).toBe(document.replace("\n1\n", "\nthree\n"));
});
