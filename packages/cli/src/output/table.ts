// Plain columns, two spaces apart: what people read and awk splits. No boxes.

export type Cell = string | number | boolean | null | undefined;

const GAP = '  ';

export const cellText = (cell: Cell): string =>
  cell === null || cell === undefined ? '-' : String(cell).replaceAll(/\s*[\r\n]+\s*/g, ' ');

export const renderTable = (
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): string => {
  const lines = [columns, ...rows.map((row) => row.map(cellText))];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((line) => (line[index] ?? '').length)),
  );
  return lines.map((line) => padded(line, widths)).join('\n');
};

const padded = (line: readonly string[], widths: readonly number[]): string =>
  line
    .map((text, index) => text.padEnd(widths[index] ?? 0))
    .join(GAP)
    .trimEnd();

/** Names on the left, values on the right. */
export const renderPairs = (pairs: readonly (readonly [string, Cell])[]): string => {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}${GAP}${cellText(value)}`).join('\n');
};
