// What the conductor has for the credentials of BMCs.

import { Failure } from '@bessemer/protocol/errors/failure';
import { BMC_EVENTS } from '@bessemer/protocol/events/bmc-events';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import type { NodeDriver } from '#drivers/driver';
import type { SecretStore } from '#trust/secret-store/secret-store';

import type { ConductorParts } from '../conductor-parts.ts';
import { noteEvent } from '../trust-events.ts';
import type { OpenInBandDoor } from './in-band/in-band.ts';
import type { BmcCredentialOptions } from './options.ts';
import type { RotationEvent, RotationParts } from './rotation/rotation-run.ts';

export type BmcCredentialParts = {
  readonly secrets: SecretStore;
  readonly options: BmcCredentialOptions;
  /** Undefined: nothing is set from inside of machines. */
  readonly openInBand?: OpenInBandDoor;
  readonly faultPoint?: RotationParts['faultPoint'];
  /** Another password is in use. Not waited for. */
  readonly onCommitted?: RotationParts['onCommitted'];
};

/** For history, where people look for what the call answered. */
const sentenceOf = ({ name, detail = {} }: RotationEvent): string => {
  const { reason, rotation } = detail;
  return [
    BMC_EVENTS[name].meaning,
    ...(typeof reason === 'string' ? [reason] : []),
    ...(typeof rotation === 'string' ? [`Rotation: ${rotation}.`] : []),
  ].join(' ');
};

/** Undefined: the service keeps no credentials. */
export const rotationPartsOf = (parts: ConductorParts): RotationParts | undefined => {
  const { bmcCredentials, store, keys, clock } = parts;
  if (bmcCredentials === undefined || !bmcCredentials.options.isEnabled) return undefined;
  const { secrets, options, faultPoint, onCommitted } = bmcCredentials;
  return {
    store,
    secrets,
    keys,
    clock,
    options,
    faultPoint,
    onCommitted,
    note: (queryable, { uuid }, event) =>
      noteEvent(queryable, parts, {
        ...event,
        nodeUuid: uuid,
        outcome: 'changed',
        text: sentenceOf(event),
      }),
  };
};

export const requireRotationParts = (parts: ConductorParts): RotationParts => {
  const found = rotationPartsOf(parts);
  if (found !== undefined) return found;
  throw new Failure('bmc.unsupported', 'This service keeps no credentials of BMCs.');
};

export const doorsOf = (
  driver: Pick<NodeDriver, 'accounts'>,
  node: NodeRecord,
): readonly BmcAccountDoor[] => driver.accounts?.(node) ?? [];
