// Puts the conductor together and starts it: takes up what an earlier process left, and answers the API.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { isoTime } from '#clock';
import type { BootDevice } from '#drivers/driver';
import { listJournal } from '#store/journals';
import { dropAllLeases, isLeased } from '#store/leases';
import { findOpenWorkflow } from '#store/workflows';
import { keepDriverInfo, openDriverInfo } from '#trust/driver-secrets';

import { makeHeartbeats } from './agent-session/heartbeat.ts';
import { makeAllocator } from './allocation/allocator.ts';
import { makeLookup } from './agent-session/lookup.ts';
import {
  agentSessions,
  openAgentWindow,
  revokeAgentSession,
} from './agent-session/session-actions.ts';
import type { BreakGlassKit } from './bmc-credential/break-glass/break-glass-kit.ts';
import { openBreakGlass } from './bmc-credential/break-glass/open-break-glass.ts';
import { makeCredentialKeeper } from './bmc-credential/keep-credentials.ts';
import { openCredentialDoor } from './bmc-credential/open-credential-door.ts';
import { rotateShown } from './bmc-credential/break-glass/rotate-shown.ts';
import { CATALOG } from './catalog.ts';
import type { Conductor } from './conductor.ts';
import type { ConductorParts } from './conductor-parts.ts';
import { discoverMachine } from './discovery/discover-machine.ts';
import { makeNameBook } from './discovery/name-book.ts';
import { continueInspection } from './inspect/continue-inspection.ts';
import { openHardwareDoor } from './management/open-hardware-door.ts';
import { requestWork } from './management/request-work.ts';
import { told } from './management/told.ts';
import { pollNodes } from './poll/polled-nodes.ts';
import { requestPower } from './power/request-power.ts';
import { nodeLocked, requestProvision, requireNode } from './provision/request-provision.ts';
import { makeScheduler } from './scheduler.ts';
import { makeEventNoter } from './trust-events.ts';
import { validateNode } from './validate-node.ts';
import { isInTheWay } from './workflow/give-way.ts';
import { why } from './why.ts';

type Listener = () => void;

/** Who watches which node's journal. */
const makeWatchers = () => {
  const watchers = new Map<NodeUuid, Set<Listener>>();
  return {
    notify: (uuid: NodeUuid): void => {
      for (const listener of watchers.get(uuid) ?? []) listener();
    },
    add: (uuid: NodeUuid, listener: Listener): (() => void) => {
      const own = watchers.get(uuid) ?? new Set();
      own.add(listener);
      watchers.set(uuid, own);
      return () => {
        own.delete(listener);
        if (own.size === 0) watchers.delete(uuid);
      };
    },
  };
};

/** The kit has the new password as soon as it is the one in use. */
const withKit = (parts: ConductorParts, kit: BreakGlassKit): ConductorParts => {
  const { bmcCredentials } = parts;
  if (bmcCredentials === undefined) return parts;
  return { ...parts, bmcCredentials: { ...bmcCredentials, onCommitted: kit.refresh } };
};

export const startConductor = async (given: ConductorParts): Promise<Conductor> => {
  const breakGlass = openBreakGlass(given);
  const parts = withKit(given, breakGlass.kit);
  const { store, drivers } = parts;
  const watchers = makeWatchers();
  const scheduler = makeScheduler(parts, CATALOG, watchers.notify);
  const heartbeat = makeHeartbeats(parts, scheduler.nudge);
  // One process only can use an SQLite file, so whoever held a lease is dead.
  if (store.engine === 'sqlite') await dropAllLeases(store.db);
  await scheduler.recover();
  const poller = pollNodes(parts, scheduler.nudge);
  poller.start();
  const allocator = makeAllocator(parts);
  const names = makeNameBook(parts.clock);
  allocator.start();
  breakGlass.start((uuid) => rotateShown({ parts, scheduler }, uuid));
  const keeper = makeCredentialKeeper({ parts, scheduler });
  keeper.start();

  const driverOf = async (uuid: NodeUuid) => {
    const node = await requireNode(store.db, uuid);
    return { node, driver: drivers.driverOf(node) };
  };

  /** A workflow counts on what it told the machine: which device it boots from, that it is not interrupted. */
  const refuseIfBusy = async (node: NodeRecord): Promise<void> => {
    const open = await findOpenWorkflow(store.db, node.uuid);
    if (open === undefined) return;
    // What waits and gives way may be looked at this moment.
    const isLooked = await isLeased(store.db, node.uuid, parts.clock.wallMs());
    if (isLooked || isInTheWay(open)) {
      throw nodeLocked(node, parts.options.hostname);
    }
  };

  const hardware = openHardwareDoor({
    parts,
    subjectOf: driverOf,
    refuseIfBusy,
    requestWork: async (uuid, judge) => {
      scheduler.nudge(uuid, await requestWork(parts, scheduler, uuid, judge));
    },
  });

  return {
    ...hardware,
    ...breakGlass.door,
    ...openCredentialDoor({ parts, scheduler, refuseIfBusy }),
    hostname: parts.options.hostname,
    requestProvision: async (uuid, request) => {
      const claimed = await requestProvision(parts, scheduler, uuid, request);
      if (claimed !== undefined) scheduler.nudge(uuid, claimed.fence);
    },
    requestPower: async (uuid, target, options) => {
      const fence = await requestPower(parts, scheduler, uuid, target, options);
      scheduler.nudge(uuid, fence);
    },
    fetchBootDevice: async (uuid) => {
      const { node, driver } = await driverOf(uuid);
      return told(driver.management.fetchBootDevice(node));
    },
    setBootDevice: async (uuid, device, options) => {
      const { node, driver } = await driverOf(uuid);
      const known = driver.management.supportedBootDevices;
      if (!known.includes(device as BootDevice)) {
        throw new Refusal(
          400,
          `Invalid boot device ${device} specified. It must be one of ${known.join(', ')}.`,
        );
      }
      await refuseIfBusy(node);
      await told(driver.management.setBootDevice(node, device as BootDevice, options));
    },
    supportedBootDevices: async (uuid) =>
      (await driverOf(uuid)).driver.management.supportedBootDevices,
    injectNmi: async (uuid) => {
      const { node, driver } = await driverOf(uuid);
      if (driver.management.injectNmi === undefined) {
        throw new Refusal(
          400,
          `Driver ${node.driver} does not support inject_nmi (disabled or not implemented).`,
        );
      }
      await refuseIfBusy(node);
      await told(driver.management.injectNmi(node));
    },
    validate: async (uuid) => {
      const { node, driver } = await driverOf(uuid);
      return validateNode(parts, node, driver);
    },
    nudgeAllocation: allocator.nudge,
    lookup: makeLookup(parts, scheduler.nudge),
    heartbeat,
    continueInspection: async (request) =>
      (await continueInspection(parts, scheduler.nudge, request)) ??
      discoverMachine({ parts, scheduler, names }, request),
    agentSessions: (uuid) => agentSessions(parts, uuid),
    openAgentWindow: (uuid, caller) => openAgentWindow(parts, scheduler.nudge, uuid, caller),
    revokeAgentSession: (uuid, caller) => revokeAgentSession(parts, scheduler.nudge, uuid, caller),
    noteEvent: makeEventNoter(parts),
    keepDriverInfo: async (uuid, given, before) => keepDriverInfo(parts.keys, uuid, given, before),
    openDriverInfo: async (node) => openDriverInfo(parts.keys, node),
    why: (uuid) => why(parts, uuid),
    journal: async (uuid, options) => {
      const lines = await listJournal(store.db, uuid, options);
      return lines.map((line) => ({
        seq: line.seq,
        at: isoTime(line.atMs),
        workflow: line.workflowId,
        kind: line.kind,
        stepIndex: line.stepIndex,
        step: line.step,
        interface: line.interface,
        event: line.event,
        detail: line.detail,
      }));
    },
    onJournal: (uuid, listener) => watchers.add(uuid, listener),
    stop: async () => {
      await Promise.all([
        poller.stop(),
        allocator.stop(),
        scheduler.stop(),
        breakGlass.stop(),
        keeper.stop(),
      ]);
    },
  };
};
