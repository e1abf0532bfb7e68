// Schemas of the resources, made from the tables that also drive reading and writing them.

import { ALLOCATION } from '@bessemer/protocol/allocation/fields';
import { CHASSIS } from '@bessemer/protocol/chassis/fields';
import { DEPLOY_TEMPLATE } from '@bessemer/protocol/deploy-template/fields';
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

const KINDS: { readonly [kind in ResourceField['kind']]: Schema } = {
  uuid,
  mac: text({ pattern: '^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$' }),
  name: text({ minLength: 1, maxLength: 255 }),
  text: text(),
  flag,
  count: { type: 'integer', minimum: 0 },
  object: map,
  special: {},
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

const ofField = (field: ResourceField): Schema => {
  const base: Schema = {
    ...KINDS[field.kind],
    ...(field.charsMin === undefined ? {} : { minLength: field.charsMin }),
    ...(field.charsMax === undefined ? {} : { maxLength: field.charsMax }),
    ...(field.oneOf === undefined ? {} : { enum: [...field.oneOf] }),
  };
  const isNullable = field.isRequired !== true && !NEVER_NULL.has(field.kind);
  return { ...(isNullable ? nullable(base) : base), ...since(field.since) };
};

type Fields = readonly (readonly [string, ResourceField])[];

const fieldsOf = (table: ResourceTable): Fields => Object.entries(table.fields);

const shown = (table: ResourceTable): Schema =>
  open(Object.fromEntries(fieldsOf(table).map(([name, field]) => [name, ofField(field)])));

const written = (table: ResourceTable): Schema => {
  const writable = fieldsOf(table).filter(([, { write }]) => write.includes('create'));
  return closed(
    Object.fromEntries(writable.map(([name, field]) => [name, ofField(field)])),
    writable.filter(([, { isRequired }]) => isRequired === true).map(([name]) => name),
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

/** `Node` is what is shown, `NodeInput` what is taken, and so for each resource. */
export const resourceSchemas = (): { readonly [name: string]: Schema } => ({
  Node: open(nodeKeys(() => true)),
  NodeInput: closed(
    nodeKeys(({ write }) => write.includes('create')),
    ['driver'],
  ),
  ...Object.fromEntries(
    Object.entries(TABLES).flatMap(([name, table]) => [
      [name, shown(table)],
      [`${name}Input`, written(table)],
    ]),
  ),
});
