// What the API asks about hardware. Reads and small changes are done at once; what may take long becomes a workflow.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import type { IndicatorState, MediaDevice } from '@bessemer/protocol/node/hardware-parts';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { stateRow } from '@bessemer/protocol/node/states';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { isoTime } from '#clock';
import type { NodeDriver } from '#drivers/driver';
import type { Indicator, Indicators, VendorMethod } from '#drivers/hardware-interfaces';
import { updateNode } from '#store/nodes';

import type { ConductorParts } from '../conductor-parts.ts';
import type { HardwareDoor, VendorCall } from '../hardware-door.ts';
import { planned } from '../workflow/step.ts';
import { HARDWARE } from './hardware-steps.ts';
import { checkMediumUrl } from './medium-url.ts';
import { told } from './told.ts';
import type { ShortWork } from './request-work.ts';

type Subject = { readonly node: NodeRecord; readonly driver: NodeDriver };

export type HardwareDoorParts = {
  readonly parts: ConductorParts;
  readonly subjectOf: (node: NodeUuid) => Promise<Subject>;
  /** Throws Refusal(409) while a workflow has the node. */
  readonly refuseIfBusy: (node: NodeRecord) => Promise<void>;
  readonly requestWork: (node: NodeUuid, judge: (subject: Subject) => ShortWork) => Promise<void>;
};

const unsupported = ({ node }: Subject, what: string, status: 400 | 404 = 400): Refusal =>
  new Refusal(
    status,
    `Driver ${node.driver} does not support ${what} (disabled or not implemented).`,
  );

const require = <T>(found: T | undefined, subject: Subject, what: string): T => {
  if (found === undefined) throw unsupported(subject, what);
  return found;
};

const work = (step: string, args: JsonObject): ShortWork => ({
  kind: HARDWARE.name,
  plan: [planned(step, 'management', args)],
});

/** While something else decides how the machine boots, nobody else does. */
const refuseInTransit = ({ node }: Subject, what: string): void => {
  if (!stateRow(node.provisionState).isBootModeLocked) return;
  throw new Refusal(
    409,
    `The ${what} of node ${node.uuid} cannot be changed while it is in state "${node.provisionState}".`,
  );
};

const indicatorsOf = (subject: Subject): Indicators =>
  require(subject.driver.management.indicators, subject, 'get_supported_indicators');

const findIndicator = async (
  subject: Subject,
  place: { readonly name: string; readonly component: string },
): Promise<Indicator> => {
  const all = await told(indicatorsOf(subject).list(subject.node));
  const found = all.find(
    ({ name, component }) => name === place.name && component === place.component,
  );
  if (found !== undefined) return found;
  const names = all.map(({ name, component }) => `${name}@${component}`).join(', ');
  throw new Refusal(
    400,
    `Node ${subject.node.uuid} has no indicator ${place.name.slice(0, 100)}@${place.component.slice(0, 100)}. ` +
      `It has ${names === '' ? 'none' : names}.`,
  );
};

const requireVendorMethod = (subject: Subject, call: VendorCall): VendorMethod => {
  const methods = subject.driver.vendor?.methods ?? {};
  const method = Object.hasOwn(methods, call.name) ? methods[call.name] : undefined;
  if (method === undefined) {
    throw new Refusal(400, `No handler for method ${call.name.slice(0, 200)}`);
  }
  if (!method.httpMethods.includes(call.httpMethod)) {
    throw new Refusal(400, `The method ${call.name} does not support HTTP ${call.httpMethod}`);
  }
  method.validate(subject.node, call.args);
  return method;
};

export const openHardwareDoor = ({
  parts,
  subjectOf,
  refuseIfBusy,
  requestWork,
}: HardwareDoorParts): HardwareDoor => {
  const drivesOf = (subject: Subject, what: string) =>
    require(subject.driver.management.virtualMedia, subject, what);
  return {
    setBootMode: (uuid, mode) =>
      requestWork(uuid, (subject) => {
        refuseInTransit(subject, 'boot mode');
        subject.driver.management.validate(subject.node);
        return work('set_boot_mode', { mode });
      }),
    setSecureBoot: (uuid, isOn) =>
      requestWork(uuid, (subject) => {
        refuseInTransit(subject, 'secure boot state');
        subject.driver.management.validate(subject.node);
        return work('set_secure_boot', { isOn });
      }),
    setTargetRaid: async (uuid, target) => {
      const subject = await subjectOf(uuid);
      const { raid } = subject.driver;
      if (raid === undefined) throw unsupported(subject, 'raid', 404);
      raid.validateTarget(subject.node, target);
      await refuseIfBusy(subject.node);
      await updateNode(parts.store.db, uuid, {
        targetRaidConfig: target,
        updatedAt: isoTime(parts.clock.wallMs()),
      });
    },
    fetchConsole: async (uuid) => {
      const subject = await subjectOf(uuid);
      const console = require(subject.driver.console, subject, 'console');
      console.validate(subject.node);
      return subject.node.consoleEnabled ? told(console.fetch(subject.node)) : undefined;
    },
    setConsole: (uuid, isEnabled) =>
      requestWork(uuid, (subject) => {
        require(subject.driver.console, subject, 'console').validate(subject.node);
        return work('set_console', { isEnabled });
      }),
    listIndicators: async (uuid) => {
      const subject = await subjectOf(uuid);
      return told(indicatorsOf(subject).list(subject.node));
    },
    fetchIndicator: async (uuid, place) => {
      const subject = await subjectOf(uuid);
      const indicator = await findIndicator(subject, place);
      return told(indicatorsOf(subject).fetch(subject.node, indicator));
    },
    setIndicator: async (uuid, place, state) => {
      const subject = await subjectOf(uuid);
      const indicator = await findIndicator(subject, place);
      const shownPlace = `${indicator.name}@${indicator.component}`;
      if (indicator.isReadOnly) throw new Refusal(400, `The indicator ${shownPlace} is read-only`);
      if (!(indicator.states as readonly string[]).includes(state)) {
        const states = indicator.states.join(', ');
        throw new Refusal(400, `The indicator ${shownPlace} can be ${states}, but not ${state}`);
      }
      await refuseIfBusy(subject.node);
      await told(indicatorsOf(subject).set(subject.node, indicator, state as IndicatorState));
    },
    fetchDrives: async (uuid) => {
      const subject = await subjectOf(uuid);
      return told(drivesOf(subject, 'get_virtual_media').fetchDrives(subject.node));
    },
    attachMedium: (uuid, medium) =>
      requestWork(uuid, (subject) => {
        drivesOf(subject, 'attach_virtual_media');
        checkMediumUrl(medium.url, parts.options.imageNetworks);
        return work('attach_virtual_media', medium);
      }),
    detachMedia: (uuid, devices: readonly MediaDevice[]) =>
      requestWork(uuid, (subject) => {
        drivesOf(subject, 'detach_virtual_media');
        return work('detach_virtual_media', { devices: [...devices] });
      }),
    vendorMethods: async (uuid) => (await subjectOf(uuid)).driver.vendor?.methods ?? {},
    callVendor: async (uuid, call) => {
      const subject = await subjectOf(uuid);
      const method = requireVendorMethod(subject, call);
      if (!method.isAsync) {
        if (method.isExclusive) await refuseIfBusy(subject.node);
        return { isAsync: false, answer: await told(method.run(subject.node, call.args)) };
      }
      await requestWork(uuid, (each) => {
        requireVendorMethod(each, call);
        return work('call_vendor', { name: call.name, args: call.args });
      });
      return { isAsync: true };
    },
  };
};
