// Which of the four formats a command prints in.

import { renderJson } from './json.ts';
import { type Cell, renderPairs, renderTable } from './table.ts';
import { renderValues } from './value.ts';
import { renderYaml } from './yaml.ts';

export const FORMATS = ['table', 'json', 'yaml', 'value'] as const;
export type Format = (typeof FORMATS)[number];

export type Listing = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What json and yaml show: all of it. */
  readonly data: unknown;
};

export const renderListing = (listing: Listing, format: Format): string => {
  if (format === 'json') return renderJson(listing.data);
  if (format === 'yaml') return renderYaml(listing.data);
  if (format === 'value') return renderValues(listing.rows);
  return renderTable(listing.columns, listing.rows);
};

export type Facts = {
  readonly pairs: readonly (readonly [string, Cell])[];
  readonly data: unknown;
};

export const renderFacts = (facts: Facts, format: Format): string => {
  if (format === 'json') return renderJson(facts.data);
  if (format === 'yaml') return renderYaml(facts.data);
  if (format === 'value') return renderValues(facts.pairs.map(([, value]) => [value]));
  return renderPairs(facts.pairs);
};
