// The one serialiser of resources that have a field table.

import { fieldOf, type ResourceTable } from '@bessemer/protocol/resource/fields';

import { linkPair } from '../links.ts';

export type TextContext = { readonly base: string; readonly minor: number };

/** How a `special` value is shown. */
export type ShowSpecial = (value: unknown, minor: number) => unknown;

export const resourceText = <Name extends string>(
  table: ResourceTable<Name>,
  record: { readonly uuid: string },
  fields: readonly Name[],
  context: TextContext,
  showSpecial?: ShowSpecial,
): string => {
  const own = `${table.collection}/${record.uuid}`;
  const parts = fields.map((name) => {
    const { kind, property = '' } = fieldOf(table, name);
    if (kind === 'links') return `"${name}":${linkPair(context.base, own)}`;
    if (kind === 'list') return `"${name}":${linkPair(context.base, `${own}/${name}`)}`;
    if (kind === 'nested-list') {
      return `"${name}":[${linkPair(context.base, `${own}/${name}`)}]`;
    }
    const value = (record as { readonly [property: string]: unknown })[property];
    const shown =
      kind === 'special' && showSpecial !== undefined ? showSpecial(value, context.minor) : value;
    return `"${name}":${JSON.stringify(shown ?? null)}`;
  });
  return `{${parts.join(',')}}`;
};
