import type { ResultTable } from "./benchmark.js";

/** A table with its title and notes in Markdown, its columns aligned for the eye. */
export function formatTable(table: ResultTable): string {
  const cells = [table.columns, ...table.rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = table.columns.map((_, at) => Math.max(3, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, at) => (row[at] ?? "").padEnd(width)).join(" | ")} |`;
  const [head = [], ...rows] = cells;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const notes = table.notes.map((note) => `- ${note}`);
  return [
    `### ${table.title}`,
    "",
    [line(head), rule, ...rows.map(line)].join("\n"),
    "",
    ...(notes.length > 0 ? [notes.join("\n"), ""] : []),
  ].join("\n");
}

/** `document` with what stands between the markers of `name` replaced; a section that it lacks is put at the end. */
export function replaceSection(document: string, name: string, content: string): string {
  const from = `<!-- bench:${name} -->`;
  const to = `<!-- /bench:${name} -->`;
  const section = `${from}\n\n${content.trim()}\n\n${to}`;
  const start = document.indexOf(from);
  const end = document.indexOf(to, start);
  if (start === -1 || end === -1) return `${document.trimEnd()}\n\n${section}\n`;
  return document.slice(0, start) + section + document.slice(end + to.length);
}
