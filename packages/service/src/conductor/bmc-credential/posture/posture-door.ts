// Looking at a BMC because somebody asked, with the lease of its node: nothing else works on the machine meanwhile, and no
// rotation changes the login that is used. A rotation that only waits is passed by.

import { randomUUID } from 'node:crypto';

import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { NodeDriver } from '#drivers/driver';
import { claimLease, releaseLease } from '#store/leases';
import { findOpenWorkflow } from '#store/workflows';
import { openDriverInfo } from '#trust/driver-secrets';
import type { Credential } from '#trust/secret-store/secret-store';

import type { ConductorParts } from '../../conductor-parts.ts';
import { told } from '../../management/told.ts';
import { nodeLocked, requireHeldNode } from '../../provision/request-provision.ts';
import { isInTheWay } from '../../workflow/give-way.ts';
import { LeaseLost } from '../../workflow/lease-lost.ts';
import { expectedNames, noteAll, ownPlacesOf } from '../audit-accounts.ts';
import { countedDoors } from '../counted-doors.ts';
import type { BmcCredentialDoor } from '../credential-door.ts';
import { credentialOf } from '../rotation/begin-rotation.ts';
import { loginInDriverInfo } from '../rotation/given-login.ts';
import { requireDoors, requireKept } from '../rotation/request-rotation.ts';
import type { RotationParts } from '../rotation/rotation-run.ts';
import { isLoginChanging } from '../stored-login.ts';
import { auditPosture } from './audit-posture.ts';
import { fixPosture } from './fix-posture.ts';
import type { PostureQuestion } from './posture-question.ts';
import { eventsOf, fixEventsOf, shownReport } from './tell-posture.ts';

/** A slow BMC with as many accounts as one may have, each tried once. Nobody renews the lease of it. */
const LOOK_MS_MAX = 600_000;

type Held = { readonly node: NodeRecord; readonly fence: number };

/** Throws Refusal(409) while anything else has the node, and when it was lost. */
const underLease = async <T>(
  { store, clock, options }: ConductorParts,
  uuid: NodeUuid,
  work: (held: Held) => Promise<T>,
): Promise<T> => {
  const owner = `${options.hostname}/look/${randomUUID()}`;
  const held = await store.transaction(async (transaction) => {
    const node = await requireHeldNode(transaction, uuid);
    const open = await findOpenWorkflow(transaction, uuid);
    const claim = { owner, nowMs: clock.wallMs(), leaseMs: LOOK_MS_MAX };
    const isBusy = open !== undefined && isInTheWay(open);
    const fence = isBusy ? undefined : await claimLease(transaction, uuid, claim);
    if (fence === undefined) throw nodeLocked(node, options.hostname);
    return { node, fence };
  });
  try {
    return await work(held);
  } catch (error) {
    if (error instanceof LeaseLost) throw nodeLocked(held.node, options.hostname);
    throw error;
  } finally {
    await releaseLease(store.db, uuid, held.fence);
  }
};

/** A login that works, as far as anybody knows. */
const workingLogin = async (
  parts: RotationParts,
  node: NodeRecord,
  driver: NodeDriver,
): Promise<Credential> => {
  const record = await credentialOf(parts.store.db, node.uuid, parts.options);
  const { activeSlot: slot } = record;
  const ref = slot === null ? null : record.slots[slot].ref;
  if (slot !== null && ref !== null) {
    const stored = await parts.secrets.getWrite({ nodeUuid: node.uuid, slot }, ref);
    return stored.credential;
  }
  const given = loginInDriverInfo(openDriverInfo(parts.keys, node), requireDoors(node, driver));
  if (given !== undefined) return given;
  throw new Failure('bmc.login-lost', 'No login at the BMC of this node is known.');
};

const questionOf = async (
  parts: ConductorParts,
  kept: RotationParts,
  { node, fence }: Held,
): Promise<PostureQuestion> => {
  const driver = parts.drivers.driverOf(node);
  const doors = requireDoors(node, driver);
  const record = await credentialOf(kept.store.db, node.uuid, kept.options);
  if (record.heldUntilMs !== null && record.heldUntilMs > kept.clock.wallMs()) {
    throw new Refusal(503, 'Logins at the BMC of this node are held back; ask again later.');
  }
  if (isLoginChanging(record)) {
    throw new Refusal(503, 'The only password of the BMC is being changed; ask again later.');
  }
  const ownNames = [record.slots.a.username, record.slots.b.username];
  const vendor = node.properties['vendor'];
  return {
    node,
    doors: await countedDoors(doors, kept, { nodeUuid: node.uuid, fence }),
    as: await told(workingLogin(kept, node, driver)),
    ownNames,
    ownPlaces: ownPlacesOf(record),
    foreignNames: expectedNames(record, kept).filter((name) => !ownNames.includes(name)),
    isSurveyed: record.knownAccounts !== null,
    manufacturer: typeof vendor === 'string' ? vendor : null,
  };
};

export const openPostureDoor = (
  parts: ConductorParts,
): Pick<BmcCredentialDoor, 'auditBmcAccounts' | 'fixBmcAccounts'> => ({
  auditBmcAccounts: async (uuid) => {
    const kept = requireKept(parts);
    return underLease(parts, uuid, async (held) => {
      const report = await told(auditPosture(await questionOf(parts, kept, held)));
      await noteAll(held, kept, eventsOf(report.items));
      return shownReport(report);
    });
  },
  fixBmcAccounts: async (uuid, { caller }) => {
    const kept = requireKept(parts);
    return underLease(parts, uuid, async (held) => {
      const question = await questionOf(parts, kept, held);
      const report = await told(auditPosture(question));
      const fixes = await told(fixPosture(question, report.items));
      const events = [...eventsOf(report.items), ...fixEventsOf(fixes, caller?.user ?? null)];
      await noteAll(held, kept, events);
      return shownReport(report, fixes);
    });
  },
});
