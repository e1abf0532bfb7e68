// Settings of the firmware of a fake machine, with a registry that says what each may be.

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';

import type { DriverStep } from '../driver.ts';
import type { BiosInterface, BiosSetting } from '../hardware-interfaces.ts';
import type { FakeParts } from './fake-parts.ts';
import { keepMachine } from './machines.ts';

const setting = (
  name: string,
  value: string,
  attributeType: string,
  more: Partial<BiosSetting> = {},
): BiosSetting => ({
  name,
  value,
  attributeType,
  allowableValues: null,
  lowerBound: null,
  upperBound: null,
  minLength: null,
  maxLength: null,
  isReadOnly: false,
  isResetRequired: true,
  isUnique: false,
  ...more,
});

const SWITCH = { allowableValues: ['Enabled', 'Disabled'] };

/** As the maker delivers it. */
const SETTINGS: readonly BiosSetting[] = [
  setting('AssetTag', '', 'String', { minLength: 0, maxLength: 63, isResetRequired: false }),
  setting('BootTimeout', '5', 'Integer', { lowerBound: 0, upperBound: 30 }),
  setting('EnabledCores', '0', 'Integer', { lowerBound: 0, upperBound: 64 }),
  setting('FirmwareRelease', '1.0.0', 'String', {
    isReadOnly: true,
    isResetRequired: false,
    minLength: 1,
    maxLength: 32,
  }),
  setting('ProcTurboMode', 'Enabled', 'Enumeration', SWITCH),
  setting('ProcVirtualization', 'Enabled', 'Enumeration', SWITCH),
];

export const fakeBios = ({ machines, toil, validate }: FakeParts): BiosInterface => ({
  validate,
  fetchSettings: async (node) => {
    await toil(node, 'management');
    const { bios } = machines.get(node);
    return SETTINGS.map((each) => ({ ...each, value: bios[each.name] ?? each.value }));
  },
});

/** Why the setting cannot have the value. */
const objection = (known: BiosSetting, value: string): string | undefined => {
  if (known.isReadOnly === true) return 'is read-only';
  const { allowableValues, lowerBound, upperBound, maxLength } = known;
  if (allowableValues !== null && !allowableValues.includes(value)) {
    return `must be one of ${allowableValues.join(', ')}`;
  }
  if (lowerBound !== null && upperBound !== null) {
    const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : -1;
    if (number < lowerBound || number > upperBound)
      return `goes from ${lowerBound} to ${upperBound}`;
  }
  if (maxLength !== null && value.length > maxLength) return `has at most ${maxLength} characters`;
  return undefined;
};

const refuse = (text: string): Failure => new Failure('steps.invalid', text);

/** All or none. */
const readWishes = (settings: JsonValue | undefined): { readonly [name: string]: string } => {
  if (!Array.isArray(settings)) {
    throw refuse(
      'bios.apply_configuration takes "settings", a list of {"name": ..., "value": ...}.',
    );
  }
  const wishes: { [name: string]: string } = {};
  for (const each of settings) {
    const { name, value } = isJsonObject(each) ? each : {};
    const known = SETTINGS.find((one) => one.name === name);
    if (known === undefined) {
      const names = SETTINGS.map((one) => one.name).join(', ');
      throw refuse(
        `The machine has no BIOS setting ${JSON.stringify(name ?? null)}. It has ${names}.`,
      );
    }
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
    const why = objection(known, text);
    if (why !== undefined) throw refuse(`The BIOS setting ${known.name} ${why}.`);
    wishes[known.name] = text;
  }
  return wishes;
};

const EVERYWHERE = { clean: 0, deploy: 0, service: 0 };

export const fakeBiosSteps = ({ machines, toil }: FakeParts): readonly DriverStep[] => [
  {
    interface: 'bios',
    step: 'apply_configuration',
    priority: EVERYWHERE,
    args: {
      settings: { description: 'A list of BIOS settings to be applied', isRequired: true },
    },
    run: async (node, args) => {
      const wishes = readWishes(args['settings']);
      await toil(node, 'management');
      const machine = machines.get(node);
      const bios = { ...machine.bios, ...wishes };
      machines.change(node, { bios });
      return {
        node: { driverInternalInfo: keepMachine(node, { ...machine, bios }) },
        isHardwareChanged: true,
      };
    },
  },
  {
    interface: 'bios',
    step: 'factory_reset',
    priority: EVERYWHERE,
    args: {},
    run: async (node) => {
      await toil(node, 'management');
      machines.change(node, { bios: {} });
      return {
        node: { driverInternalInfo: keepMachine(node, { ...machines.get(node), bios: {} }) },
        isHardwareChanged: true,
      };
    },
  },
];
