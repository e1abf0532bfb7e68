// What connectors and targets differ in. Their routes are the same.

import type { FastifyRequest } from 'fastify';

import { Conflict, isConflictOn } from '#store/errors';
import type { RecordTable } from '#store/record-table';
import { volumeConnectors, volumeTargets } from '#store/volumes';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { maskSecrets } from '@bessemer/protocol/node/mask';
import type { ResourceTable } from '@bessemer/protocol/resource/fields';
import {
  VOLUME_CONNECTOR,
  type VolumeConnectorFieldName,
} from '@bessemer/protocol/volume/connector-fields';
import type { VolumeConnectorRecord, VolumeTargetRecord } from '@bessemer/protocol/volume/record';
import { VOLUME_TARGET, type VolumeTargetFieldName } from '@bessemer/protocol/volume/target-fields';

import { may } from '../access/authorize.ts';
import type { ApiParts } from '../api-parts.ts';
import { shownKind } from '../query.ts';
import { type ReadSpecial, schemaError } from '../resource/resource-input.ts';
import type { ShowSpecial } from '../resource/resource-text.ts';

export type VolumeRecord = VolumeConnectorRecord | VolumeTargetRecord;

export type VolumeKind<Name extends string, R extends VolumeRecord> = {
  readonly table: ResourceTable<Name>;
  /** The table of the store, for conditions of lists. */
  readonly stored: 'volume_connector' | 'volume_target';
  readonly store: RecordTable<R>;
  /** What a new one has where nothing was said. */
  readonly empty: JsonObject;
  readonly readSpecial: ReadSpecial;
  /** How this caller gets to see the `special` values. */
  readonly showSpecialTo: (parts: ApiParts, request: FastifyRequest) => Promise<ShowSpecial>;
  /** The column, and the words, of what there may be only one. */
  readonly unique: { readonly column: string; readonly text: (record: R) => string };
};

const asItIs = (_name: string, value: JsonValue): JsonValue => value;

export const CONNECTORS: VolumeKind<VolumeConnectorFieldName, VolumeConnectorRecord> = {
  table: VOLUME_CONNECTOR,
  stored: 'volume_connector',
  store: volumeConnectors,
  empty: { extra: {} },
  readSpecial: asItIs,
  showSpecialTo: async () => (value) => value,
  unique: {
    column: 'connector_id',
    text: ({ type, connectorId }) => `type ${type} and connector ID ${connectorId} already exists.`,
  },
};

const REDACTED = {
  redacted_contents:
    '** Value redacted: Requires permission baremetal:volume:view_target_properties access. ' +
    'Permission denied. **',
};

/** Asked once for an answer, and without a node: whose volumes a list has, it says before. */
const showProperties = async (parts: ApiParts, request: FastifyRequest): Promise<ShowSpecial> => {
  const isShown = await may(parts, request, 'baremetal:volume:view_target_properties');
  return (value) => (isShown && isJsonObject(value) ? maskSecrets(value) : REDACTED);
};

const readProperties = (name: string, value: JsonValue): JsonValue => {
  if (isJsonObject(value)) return value;
  throw schemaError(VOLUME_TARGET, `${name}: ${shownKind(value)} is not of type 'object'`);
};

export const TARGETS: VolumeKind<VolumeTargetFieldName, VolumeTargetRecord> = {
  table: VOLUME_TARGET,
  stored: 'volume_target',
  store: volumeTargets,
  empty: { extra: {}, properties: {} },
  readSpecial: readProperties,
  showSpecialTo: showProperties,
  unique: {
    column: 'boot_index',
    text: ({ bootIndex }) => `boot index '${bootIndex}' for the same node already exists.`,
  },
};

/** Throws Refusal(409) for what is there already, else `error` itself. */
export const refuseVolumeTaken = <Name extends string, R extends VolumeRecord>(
  { table, unique }: VolumeKind<Name, R>,
  error: unknown,
  record: R,
): never => {
  if (!(error instanceof Conflict)) throw error;
  const text = isConflictOn(error, unique.column)
    ? unique.text(record)
    : `UUID ${record.uuid} already exists.`;
  throw new Refusal(409, `A ${table.noun} with ${text}`);
};
