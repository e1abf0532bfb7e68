// Firmware of a fake machine. An update makes the name of the image its version.

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';

import type { DriverStep } from '../driver.ts';
import type { FirmwareComponent, FirmwareInterface } from '../hardware-interfaces.ts';
import type { FakeParts } from './fake-parts.ts';
import { keepMachine } from './machines.ts';

const VENDOR = 'Bessemer';

const COMPONENTS: readonly FirmwareComponent[] = [
  { component: 'bios', version: '1.0.0', vendor: VENDOR, model: null, serialNumber: null },
  { component: 'bmc', version: '1.0.0', vendor: VENDOR, model: 'fake BMC', serialNumber: null },
  { component: 'nic:1', version: '1.0.0', vendor: VENDOR, model: 'fake NIC', serialNumber: 'F1' },
];

export const fakeFirmware = ({ machines, toil, validate }: FakeParts): FirmwareInterface => ({
  validate,
  fetchComponents: async (node) => {
    await toil(node, 'management');
    const { firmware } = machines.get(node);
    return COMPONENTS.map((each) => ({
      ...each,
      version: firmware[each.component] ?? each.version,
    }));
  },
});

const refuse = (text: string): Failure => new Failure('steps.invalid', text);

const VERSION_CHARS_MAX = 64;

const versionIn = (url: string): string => {
  const name = new URL(url).pathname.split('/').at(-1) ?? '';
  return name.replace(/\.[a-z0-9]{1,4}$/i, '').slice(0, VERSION_CHARS_MAX) || 'unnamed';
};

const readUpdates = (settings: JsonValue | undefined): { readonly [component: string]: string } => {
  if (!Array.isArray(settings) || settings.length === 0) {
    throw refuse('firmware.update takes "settings", a list of {"component": ..., "url": ...}.');
  }
  const versions: { [component: string]: string } = {};
  for (const each of settings) {
    const { component, url } = isJsonObject(each) ? each : {};
    const known = COMPONENTS.find((one) => one.component === component);
    if (known === undefined) {
      const names = COMPONENTS.map((one) => one.component).join(', ');
      throw refuse(
        `The machine has no firmware ${JSON.stringify(component ?? null)}. It has ${names}.`,
      );
    }
    if (typeof url !== 'string' || !/^https?:/.test(url) || !URL.canParse(url)) {
      throw refuse(`The update of ${known.component} needs "url", an http or https address.`);
    }
    versions[known.component] = versionIn(url);
  }
  return versions;
};

export const fakeFirmwareSteps = ({ machines, toil }: FakeParts): readonly DriverStep[] => [
  {
    interface: 'firmware',
    step: 'update',
    priority: { clean: 0, deploy: 0, service: 0 },
    args: {
      settings: {
        description: 'A list of dicts with firmware components to be updated',
        isRequired: true,
      },
    },
    run: async (node, args) => {
      const versions = readUpdates(args['settings']);
      await toil(node, 'management');
      const machine = machines.get(node);
      const firmware = { ...machine.firmware, ...versions };
      machines.change(node, { firmware });
      return {
        node: { driverInternalInfo: keepMachine(node, { ...machine, firmware }) },
        isHardwareChanged: true,
      };
    },
  },
];
