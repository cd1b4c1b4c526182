/** Plain text for people: aligned columns, no colours, nothing that a pipe would choke on. */

export type Row = Record<string, unknown>;

export function table(rows: readonly Row[], columns: readonly string[]): string {
  if (rows.length === 0) return "Nothing yet.";
  const cells = [
    columns.map((c) => c.toUpperCase()),
    ...rows.map((row) => columns.map((c) => cell(c, row[c]))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cell(column: string, value: unknown): string {
  if (typeof value === "object" && value !== null) return cell(column, pairs(value));
  if (value === null || value === undefined || value === "") return "-";
  if (/(?:^|_)at$/.test(column) && typeof value === "number") return new Date(value).toISOString();
  // Control characters in a name must not reach a terminal.
  return String(value).replace(/\p{Cc}/gu, "?");
}

function pairs(value: object): string {
  return Object.entries(value)
    .map(([key, word]) => `${key}=${word}`)
    .join(",");
}
