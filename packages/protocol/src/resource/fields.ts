// The keys of a resource on the wire: since which microversion each is there, who may write it, how it is kept. One
// table a resource; rendering, `fields=`, `sort_key=`, POST and PATCH are all driven by it.

import type { JsonValue } from '../json.ts';
import { FEATURES, type Feature } from '../microversion/features.ts';

export type ResourceFieldKind =
  | 'uuid'
  | 'mac'
  | 'name'
  | 'text'
  | 'flag'
  /** A whole number, not below zero. */
  | 'count'
  | 'object'
  /** Checked and shown by rules of its own. */
  | 'special'
  | 'time'
  /** The two links to the object itself. */
  | 'links'
  /** The two links to the list below the object that is called like the key. */
  | 'list'
  /** The same in a list of its own: so the reference service has the nodes of a chassis, and clients ignore it. */
  | 'nested-list';

export type ResourceField<Property extends string = string> = {
  readonly since: Feature;
  readonly kind: ResourceFieldKind;
  readonly write: 'none' | 'create' | 'create,patch';
  /** Where the record keeps it, and the column of the store; absent for what is computed. */
  readonly property?: Property;
  readonly column?: string;
  readonly charsMin?: number;
  readonly charsMax?: number;
  /** The only texts that it may be. */
  readonly oneOf?: readonly string[];
  /** What it is while nobody has said it, and again once it was removed. */
  readonly absent: JsonValue;
  /** Has to be said, and cannot be removed. */
  readonly isRequired?: boolean;
  readonly isSortable: boolean;
};

export type ResourceTable<Name extends string = string, Property extends string = string> = {
  /** As messages call one of them. */
  readonly noun: string;
  /** The path of the collection below `/v1/`, and the key of its list. */
  readonly collection: string;
  /** The key of its list, where that is not the collection. */
  readonly listKey?: string;
  readonly fields: { readonly [name in Name]: ResourceField<Property> };
  /** What lists show when nothing is asked for. */
  readonly summary: readonly Name[];
};

type Options = Partial<
  Pick<
    ResourceField,
    'since' | 'write' | 'charsMin' | 'charsMax' | 'oneOf' | 'absent' | 'isRequired'
  >
>;

const UNSORTABLE: ReadonlySet<ResourceFieldKind> = new Set(['object', 'special']);

/** A key that the record keeps; `column` is what the store calls it, and mostly the wire does so too. */
export const keptField = <Property extends string>(
  kind: ResourceFieldKind,
  property: Property,
  column: string,
  options: Options = {},
): ResourceField<Property> => ({
  since: 'base',
  kind,
  write: 'create,patch',
  property,
  column,
  absent: UNSORTABLE.has(kind) ? {} : null,
  isSortable: !UNSORTABLE.has(kind),
  ...options,
});

export const linkField = (
  kind: 'links' | 'list' | 'nested-list',
  since: Feature,
): ResourceField<never> => ({
  since,
  kind,
  write: 'none',
  absent: null,
  isSortable: false,
});

export const isFieldOf = <Name extends string>(
  table: ResourceTable<Name>,
  text: string,
): text is Name => Object.hasOwn(table.fields, text);

export const fieldOf = <Name extends string>(
  { fields }: ResourceTable<Name>,
  name: Name,
): ResourceField => {
  const all: { readonly [name: string]: ResourceField } = fields;
  return all[name] as ResourceField;
};

export const fieldNames = <Name extends string>(table: ResourceTable<Name>): readonly Name[] =>
  Object.keys(table.fields) as Name[];

export const fieldSince = <Name extends string>(table: ResourceTable<Name>, name: Name): number =>
  FEATURES[fieldOf(table, name).since].since;

/** The keys of a full object at a version. */
export const fieldsAt = <Name extends string>(
  table: ResourceTable<Name>,
  minor: number,
): readonly Name[] => fieldNames(table).filter((name) => fieldSince(table, name) <= minor);

export const patchableFields = <Name extends string>(table: ResourceTable<Name>): readonly Name[] =>
  fieldNames(table).filter((name) => fieldOf(table, name).write === 'create,patch');
