// Starts what there is for the day on which persons need a password of a BMC: the kit, exports, and the end of holds.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { openKitDirectory } from '#trust/break-glass/kit-directory';

import type { ConductorParts } from '../../conductor-parts.ts';
import { makeEventNoter } from '../../trust-events.ts';
import type { BreakGlassDoor } from './break-glass-door.ts';
import { type BreakGlassKit, makeBreakGlassKit, NO_KIT } from './break-glass-kit.ts';
import { approveExport, requestExport } from './export-login.ts';
import { endHolds, noteOpened } from './hold.ts';

export type BreakGlass = {
  readonly door: BreakGlassDoor;
  readonly kit: BreakGlassKit;
  /** `rotate` is called for each node whose hold has ended. It may fail: the rotation is due in any case. */
  readonly start: (rotate: (nodeUuid: NodeUuid) => Promise<void>) => void;
  readonly stop: () => Promise<void>;
};

/** A hold ends so long after its time at most. */
const LOOK_EVERY_MS = 15_000;

const notSetUp = async (): Promise<never> => {
  throw new Refusal(400, 'This service keeps no credentials of BMCs.');
};

const NOT_SET_UP: BreakGlass = {
  door: { requestBmcExport: notSetUp, approveBmcExport: notSetUp, noteBmcOpened: notSetUp },
  kit: NO_KIT,
  start: () => undefined,
  stop: async () => undefined,
};

export const openBreakGlass = (parts: ConductorParts): BreakGlass => {
  const { breakGlass, store, clock, log } = parts;
  if (breakGlass === undefined) return NOT_SET_UP;
  const { secrets, options } = breakGlass;
  const kit =
    options.kit === undefined
      ? NO_KIT
      : makeBreakGlassKit({
          directory: openKitDirectory(options.kit.directory),
          recipients: options.kit.recipients,
          store,
          secrets,
          clock,
          log,
          note: makeEventNoter(parts),
        });
  const exportParts = { events: parts, secrets, options };

  let isStopped = false;
  let looking: Promise<void> = Promise.resolve();
  let cancel: () => void = () => undefined;
  const look = async (rotate: (nodeUuid: NodeUuid) => Promise<void>): Promise<void> => {
    try {
      for (const nodeUuid of await endHolds(parts)) await rotate(nodeUuid);
    } catch (error) {
      log.error({ err: error }, 'could not end the holds of credentials of BMCs');
    }
    if (isStopped) return;
    cancel = clock.after(LOOK_EVERY_MS, () => {
      looking = look(rotate);
    });
  };

  return {
    door: {
      requestBmcExport: (uuid, request) => requestExport(exportParts, uuid, request),
      approveBmcExport: (uuid, approval) => approveExport(exportParts, uuid, approval),
      noteBmcOpened: (uuid, opening) => noteOpened(parts, uuid, opening),
    },
    kit,
    start: (rotate) => {
      kit.start();
      looking = look(rotate);
    },
    stop: async () => {
      isStopped = true;
      cancel();
      await Promise.all([looking, kit.stop()]);
    },
  };
};
