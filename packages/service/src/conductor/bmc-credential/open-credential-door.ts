// What the API asks about credentials of BMCs.

import { randomUUID } from 'node:crypto';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import {
  addBmcCredential,
  type BmcCredentialRecord,
  type BmcHold,
  changeBmcCredential,
  findBmcCredential,
} from '#store/bmc-credentials';
import { findOpenRotation } from '#store/bmc-rotations';
import type { Secret } from '#trust/secret';

import type { Caller } from '../conductor.ts';
import { told } from '../management/told.ts';
import { requireNode } from '../provision/request-provision.ts';
import { credentialOf, newCredential } from './rotation/begin-rotation.ts';
import type { BmcCredentialDoor } from './credential-door.ts';
import { doorsOf, rotationPartsOf } from './credential-parts.ts';
import { credentialStatus } from './credential-status.ts';
import { restingState } from './rotation/end-rotation.ts';
import { SUPPLIED_PLACE } from './rotation/kept-secrets.ts';
import { openPostureDoor } from './posture/posture-door.ts';
import {
  refuseSupplied,
  requestRotation,
  requireDoors,
  requireKept,
  type RotationRequester,
} from './rotation/request-rotation.ts';
import { rotateShown } from './break-glass/rotate-shown.ts';

/** What the narrowest wires carry; a profile that was learned may allow less, and then the BMC refuses it. */
const SUPPLIED_BYTES = { min: 8, max: 20 } as const;

const requireSupplied = (password: Secret<string>): void => {
  const text = password.reveal();
  const isPlain = /^[\x21-\x7e]+$/.test(text);
  if (isPlain && text.length >= SUPPLIED_BYTES.min && text.length <= SUPPLIED_BYTES.max) return;
  throw new Refusal(
    400,
    `password must be ${SUPPLIED_BYTES.min} to ${SUPPLIED_BYTES.max} printable ASCII characters without spaces`,
  );
};

type Door = RotationRequester & {
  /** Throws Refusal(409) while a workflow has the node. */
  readonly refuseIfBusy: (node: NodeRecord) => Promise<void>;
};

/** Who has seen the password does not keep it by freezing the node. */
const frozenBy = ({ frozen }: BmcCredentialRecord, reason: string, nowMs: number): BmcHold =>
  frozen?.untilMs === undefined ? { reason, atMs: nowMs } : { ...frozen, reason };

const noteBy = (caller: Caller | undefined) => ({ user: caller?.user ?? null });

export const openCredentialDoor = ({ refuseIfBusy, ...requester }: Door): BmcCredentialDoor => {
  const { parts } = requester;
  const { store, drivers, clock } = parts;
  const subjectOf = async (uuid: NodeUuid) => {
    const node = await requireNode(store.db, uuid);
    return { node, driver: drivers.driverOf(node) };
  };
  return {
    keepsBmcCredentials: async (uuid) => {
      const { node, driver } = await subjectOf(uuid);
      return rotationPartsOf(parts) !== undefined && doorsOf(driver, node).length > 0;
    },
    requestBmcRotation: (uuid, wish) => requestRotation(requester, uuid, wish),
    setBmcPassword: async (uuid, { password, caller }) => {
      const kept = requireKept(parts);
      if (!kept.options.isSuppliedAllowed) {
        throw new Refusal(
          403,
          'Passwords are generated: [bmc_credentials] allow_supplied is false.',
        );
      }
      requireSupplied(password);
      const { node, driver } = await subjectOf(uuid);
      requireDoors(node, driver);
      await refuseIfBusy(node);
      refuseSupplied(await findOpenRotation(store.db, uuid));
      const writeId = `${randomUUID()}-supplied`;
      const place = { nodeUuid: uuid, slot: SUPPLIED_PLACE };
      // Whose account it becomes is known when a login was found.
      const credential = { username: SUPPLIED_PLACE, password };
      await told(kept.secrets.put({ place, writeId, credential }));
      const order = { trigger: 'request', storedTrigger: 'supplied', supplied: writeId } as const;
      return requestRotation(requester, uuid, { ...order, caller });
    },
    ...openPostureDoor(parts),
    bmcCredentialStatus: async (uuid) => {
      const kept = requireKept(parts);
      await requireNode(store.db, uuid);
      const record = await credentialOf(store.db, uuid, kept.options);
      const open = await findOpenRotation(store.db, uuid);
      return credentialStatus(record, open, kept.secrets.kind);
    },
    freezeBmcCredentials: async (uuid, { reason, caller }) => {
      const kept = requireKept(parts);
      const { node, driver } = await subjectOf(uuid);
      requireDoors(node, driver);
      await store.transaction(async (transaction) => {
        await addBmcCredential(transaction, newCredential(uuid, kept.options));
        await changeBmcCredential(transaction, uuid, (record) => ({
          // One that is under way ends first.
          state: record.state === 'rotating' ? 'rotating' : 'frozen',
          frozen: frozenBy(record, reason, clock.wallMs()),
        }));
        const detail = { reason, ...noteBy(caller) };
        await kept.note(transaction, node, { name: 'bmc.frozen', detail });
      });
    },
    thawBmcCredentials: async (uuid, { caller } = {}) => {
      const kept = requireKept(parts);
      const node = await requireNode(store.db, uuid);
      const { frozen } = (await findBmcCredential(store.db, uuid)) ?? {};
      if (frozen == null) return;
      let isShown = false;
      await store.transaction(async (transaction) => {
        await changeBmcCredential(transaction, uuid, (record) => {
          // An export may have come between.
          isShown = record.frozen?.untilMs !== undefined;
          return {
            frozen: null,
            state:
              record.state === 'rotating' ? 'rotating' : restingState({ ...record, frozen: null }),
            ...(isShown ? { nextDueMs: clock.wallMs() } : {}),
          };
        });
        await kept.note(transaction, node, { name: 'bmc.thawed', detail: noteBy(caller) });
      });
      if (isShown) await rotateShown(requester, uuid, caller);
    },
  };
};
