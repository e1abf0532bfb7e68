// Writers for fields that stand side by side and can be written together. A page of a thousand nodes is mostly
// repetition: what is the same as in the row before is not written again, only put in again.

import type { NodeView } from '#store/node-views';

import type { NodeFieldName } from '@bessemer/protocol/node/fields';

export type FieldWriter = (view: NodeView, base: string) => string;

/** Fields that are another one in nearly every row. */
const RESTLESS: ReadonlySet<NodeFieldName> = new Set([
  'uuid',
  'name',
  'instance_uuid',
  'allocation_uuid',
  'created_at',
  'updated_at',
  'provision_updated_at',
  'driver_info',
  'instance_info',
  'properties',
  'extra',
  'driver_internal_info',
]);

export const isSteady = (name: NodeFieldName): boolean => !RESTLESS.has(name);

/** `columns` are all that `write` looks at. */
export const steadyRun = (
  columns: readonly (keyof NodeView)[],
  write: (view: NodeView) => string,
): FieldWriter => {
  let last: readonly unknown[] | undefined;
  let text = '';
  const isSame = (view: NodeView): boolean => {
    if (last === undefined) return false;
    for (let index = 0; index < columns.length; index += 1) {
      if (view[columns[index] as keyof NodeView] !== last[index]) return false;
    }
    return true;
  };
  return (view) => {
    if (!isSame(view)) {
      text = write(view);
      last = columns.map((column) => view[column]);
    }
    return text;
  };
};

/** Link fields side by side: everything but the UUID is the same for each node. */
export const linkRun = (names: readonly NodeFieldName[]): FieldWriter => {
  let lastBase: string | undefined;
  let pieces: readonly string[] = [];
  return (view, base) => {
    if (base !== lastBase) {
      lastBase = base;
      pieces = linkPieces(names, base);
    }
    let text = pieces[0] as string;
    for (let index = 1; index < pieces.length; index += 1) {
      text += view.uuid;
      text += pieces[index] as string;
    }
    return text;
  };
};

const linkPieces = (names: readonly NodeFieldName[], base: string): readonly string[] =>
  names
    .map((name, index) => {
      const rest = name === 'links' ? '' : `/${name}`;
      const self = `{"href":"${base}/v1/nodes/\0${rest}","rel":"self"}`;
      const bookmark = `{"href":"${base}/nodes/\0${rest}","rel":"bookmark"}`;
      return `${index === 0 ? '' : ','}"${name}":[${self},${bookmark}]`;
    })
    .join('')
    .split('\0');
