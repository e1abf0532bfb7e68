// `-f value`: the bare values, one row a line, one space apart: for shell scripts.

import { type Cell, cellText } from './table.ts';

export const renderValues = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => row.map(cellText).join(' ')).join('\n');
