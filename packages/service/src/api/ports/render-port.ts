// The one serialiser of ports.

import type { PortView } from '#store/port-views';

import { offers } from '@bessemer/protocol/microversion/features';
import {
  PORT_FIELD_NAMES,
  portField,
  type PortFieldName,
  portFieldSince,
} from '@bessemer/protocol/port/fields';

import { linkPair } from '../links.ts';

export const portFieldsAt = (minor: number): readonly PortFieldName[] =>
  PORT_FIELD_NAMES.filter((name) => portFieldSince(name) <= minor);

export const portText = (
  view: PortView,
  fields: readonly PortFieldName[],
  context: { readonly base: string; readonly minor: number },
): string => {
  const parts = fields.map((name) => `"${name}":${fieldText(view, name, context)}`);
  return `{${parts.join(',')}}`;
};

const fieldText = (
  view: PortView,
  name: PortFieldName,
  context: { readonly base: string; readonly minor: number },
): string => {
  const { kind, column } = portField(name);
  if (kind === 'links') return linkPair(context.base, `ports/${view.uuid}`);
  // Dynamic port groups are not offered yet: every port would be available for one.
  if (column === undefined) return 'true';
  const value = view[column as keyof PortView];
  if (kind === 'object') return value as string;
  if (kind === 'link') return linkText(value as string, context.minor);
  if (kind === 'flag') return value === 1 ? 'true' : 'false';
  return JSON.stringify(value);
};

/** Keys of virtual tunnel endpoints were shown from 1.90 to 1.104; outside of that the whole value is empty. */
const linkText = (text: string, minor: number): string => {
  const isShown = offers(minor, 'vtep-keys') && !offers(minor, 'vtep-keys-hidden');
  return !isShown && text.includes('"vtep-') ? '{}' : text;
};
