// Schemas of the resources, made from the tables that also drive reading and writing them.

import { ALLOCATION } from '@bessemer/protocol/allocation/fields';
import { CHASSIS } from '@bessemer/protocol/chassis/fields';
import {
  DEPLOY_TEMPLATE,
  WRITABLE_DEPLOY_TEMPLATE,
} from '@bessemer/protocol/deploy-template/fields';
import { INSPECTION_RULE } from '@bessemer/protocol/inspection/rule-fields';
import { FEATURES, type Feature } from '@bessemer/protocol/microversion/features';
import { NODE_FIELD_NAMES, type NodeField, nodeField } from '@bessemer/protocol/node/fields';
import { PORT } from '@bessemer/protocol/port/fields';
import { PORTGROUP } from '@bessemer/protocol/portgroup/fields';
import type { ResourceField, ResourceTable } from '@bessemer/protocol/resource/fields';
import { MINOR_MAX } from '@bessemer/protocol/microversion/range';
import { runbookAt } from '@bessemer/protocol/runbook/fields';
import { VOLUME_CONNECTOR } from '@bessemer/protocol/volume/connector-fields';
import { VOLUME_TARGET } from '@bessemer/protocol/volume/target-fields';

import {
  closed,
  flag,
  list,
  map,
  nullable,
  open,
  ref,
  type Schema,
  text,
  time,
  uuid,
} from './schema.ts';
import { SHOWN_SPECIAL_SCHEMAS, SPECIAL_SCHEMAS } from './special-schemas.ts';

const since = (feature: Feature): Schema => ({ 'x-since': `1.${FEATURES[feature].since}` });

const NODE_KINDS: { readonly [kind in NodeField['kind']]: Schema } = {
  uuid,
  name: text({ pattern: '^[A-Za-z0-9._~-]{1,255}$' }),
  text: text(),
  flag,
  object: map,
  time,
  interface: text({ maxLength: 255 }),
  strings: list(text()),
  links: ref('Links'),
};

const ofNodeField = (field: NodeField): Schema => {
  const base = NODE_KINDS[field.kind];
  const sized = field.charsMax === undefined ? base : { ...base, maxLength: field.charsMax };
  const isNullable = field.isNullable === true && !['strings', 'links'].includes(field.kind);
  return { ...(isNullable ? nullable(sized) : sized), ...since(field.since) };
};

const KINDS: { readonly [kind in Exclude<ResourceField['kind'], 'special'>]: Schema } = {
  uuid,
  mac: text({ pattern: '^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$' }),
  name: text({ minLength: 1, maxLength: 255 }),
  text: text(),
  flag,
  count: { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
  object: map,
  time,
  links: ref('Links'),
  list: ref('Links'),
  'nested-list': list(ref('Links')),
};

const NEVER_NULL: ReadonlySet<ResourceField['kind']> = new Set([
  'object',
  'special',
  'links',
  'list',
  'nested-list',
]);

type Specials = { readonly [key: string]: Schema };

const ofField = (name: string, field: ResourceField, specials: Specials = {}): Schema => {
  const { kind } = field;
  const known = kind === 'special' ? specials[name] : KINDS[kind];
  if (known === undefined) throw new Error(`the reference does not say what ${name} may be`);
  const base: Schema = {
    ...known,
    ...(field.charsMin === undefined ? {} : { minLength: field.charsMin }),
    ...(field.charsMax === undefined ? {} : { maxLength: field.charsMax }),
    ...(field.oneOf === undefined ? {} : { enum: [...field.oneOf] }),
  };
  const isNullable = field.isRequired !== true && !NEVER_NULL.has(kind);
  return { ...(isNullable ? nullable(base) : base), ...since(field.since) };
};

type Fields = readonly (readonly [string, ResourceField])[];

const fieldsOf = (table: ResourceTable): Fields => Object.entries(table.fields);

const shown = (name: string, table: ResourceTable): Schema =>
  open(
    Object.fromEntries(
      fieldsOf(table).map(([key, field]) => [
        key,
        ofField(key, field, SHOWN_SPECIAL_SCHEMAS[name]),
      ]),
    ),
  );

const written = (name: string, table: ResourceTable): Schema => {
  const writable = fieldsOf(table).filter(([, { write }]) => write.includes('create'));
  const properties = writable.map(([key, field]) => [
    key,
    ofField(key, field, SPECIAL_SCHEMAS[name]),
  ]);
  return closed(
    Object.fromEntries(properties) as { readonly [key: string]: Schema },
    writable.filter(([, { isRequired }]) => isRequired === true).map(([key]) => key),
  );
};

const nodeKeys = (isWanted: (field: NodeField) => boolean): { readonly [name: string]: Schema } =>
  Object.fromEntries(
    NODE_FIELD_NAMES.filter((name) => isWanted(nodeField(name))).map((name) => [
      name,
      ofNodeField(nodeField(name)),
    ]),
  );

const TABLES: { readonly [name: string]: ResourceTable } = {
  Allocation: ALLOCATION,
  Chassis: CHASSIS,
  DeployTemplate: DEPLOY_TEMPLATE,
  InspectionRule: INSPECTION_RULE,
  Port: PORT,
  Portgroup: PORTGROUP,
  Runbook: runbookAt(MINOR_MAX),
  VolumeConnector: VOLUME_CONNECTOR,
  VolumeTarget: VOLUME_TARGET,
};

/** Where more is taken than is shown. */
const WRITABLE: { readonly [name: string]: ResourceTable } = {
  DeployTemplate: WRITABLE_DEPLOY_TEMPLATE,
};

/** `Node` is what is shown, `NodeInput` what is taken, and so for each resource. */
export const resourceSchemas = (): { readonly [name: string]: Schema } => ({
  Node: open(nodeKeys(() => true)),
  NodeInput: closed(
    nodeKeys(({ write }) => write.includes('create')),
    ['driver'],
  ),
  ...Object.fromEntries(
    Object.entries(TABLES).flatMap(([name, table]) => [
      [name, shown(name, table)],
      [`${name}Input`, written(name, WRITABLE[name] ?? table)],
    ]),
  ),
});
