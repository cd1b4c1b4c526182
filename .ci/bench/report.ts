/** What a measurement tells: rows of the table, and fields of the JSON line. */
export interface Row {
  what: string;
  ours: string;
  nginx?: string;
  direct?: string;
  /** Ours against another, and what it has to be. */
  verdict?: string;
  goal?: string;
}

export interface Report {
  rows: Row[];
  fields: Record<string, number>;
  /** What of a request's way was switched off. */
  without?: readonly string[];
}

const columns = ["what", "ours", "nginx", "direct", "verdict", "goal"] as const;
const titles = { what: "", ours: "ours", nginx: "nginx", direct: "direct", verdict: "" } as const;

export function table(rows: readonly Row[]): string {
  const all: Row[] = [{ ...titles, goal: "goal" }, ...rows];
  const widths = columns.map((name) => Math.max(...all.map((row) => (row[name] ?? "").length)));
  const lines = all.map((row) =>
    columns
      .map((name, i) => {
        const text = row[name] ?? "";
        return name === "what" ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
  return lines.join("\n");
}

export const ms = (us: number): string => `${(us / 1000).toFixed(2)} ms`;
