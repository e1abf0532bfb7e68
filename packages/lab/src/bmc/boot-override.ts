// The Boot object of a system: where the next start, or all later ones, come from, and with which firmware.

import type { JsonObject } from '@bessemer/protocol/json';
import type { BmcState } from './bmc-state.ts';
import type { BootSource, FirmwareMode } from './power-model.ts';
import { oneOf, refuseUnknown, textProperty } from './property-values.ts';

const TARGETS: { readonly [target: string]: BootSource } = {
  Pxe: 'network',
  UefiHttp: 'network-http',
  Cd: 'cdrom',
  Hdd: 'disk',
  BiosSetup: 'firmware',
};
const TARGET_OF: { readonly [source in BootSource]: string } = {
  network: 'Pxe',
  'network-http': 'UefiHttp',
  cdrom: 'Cd',
  disk: 'Hdd',
  firmware: 'BiosSetup',
};
const TARGET_NAMES = ['None', ...Object.keys(TARGETS)];
const ENABLED = ['Disabled', 'Once', 'Continuous'] as const;
const MODES: { readonly [mode: string]: FirmwareMode } = { UEFI: 'uefi', Legacy: 'bios' };

const shown = ({ machine }: BmcState): { enabled: string; target: string; mode: string } => {
  const { override, mode } = machine.bootPlan;
  return {
    enabled: override === null ? 'Disabled' : override.isPersistent ? 'Continuous' : 'Once',
    target: override === null ? 'None' : TARGET_OF[override.source],
    mode: mode === 'uefi' ? 'UEFI' : 'Legacy',
  };
};

export const bootBody = (state: BmcState): JsonObject => {
  const { enabled, target, mode } = shown(state);
  return {
    BootSourceOverrideEnabled: enabled,
    BootSourceOverrideTarget: target,
    BootSourceOverrideMode: mode,
    'BootSourceOverrideEnabled@Redfish.AllowableValues': [...ENABLED],
    'BootSourceOverrideTarget@Redfish.AllowableValues': TARGET_NAMES,
    'BootSourceOverrideMode@Redfish.AllowableValues': Object.keys(MODES),
    UefiTargetBootSourceOverride: null,
  };
};

export const changeBoot = (state: BmcState, boot: JsonObject): void => {
  refuseUnknown(boot, [
    'BootSourceOverrideEnabled',
    'BootSourceOverrideTarget',
    'BootSourceOverrideMode',
  ]);
  const plan = state.machine.bootPlan;
  const current = shown(state);
  const target = oneOf(
    'BootSourceOverrideTarget',
    textProperty(boot, 'BootSourceOverrideTarget') ?? current.target,
    TARGET_NAMES,
  );
  const enabled = oneOf(
    'BootSourceOverrideEnabled',
    textProperty(boot, 'BootSourceOverrideEnabled') ?? current.enabled,
    ENABLED,
  );
  const mode = textProperty(boot, 'BootSourceOverrideMode');
  if (mode !== undefined) {
    const name = oneOf('BootSourceOverrideMode', mode, Object.keys(MODES));
    plan.mode = MODES[name] ?? plan.mode;
  }
  if (state.faults.isOn('override-ignored')) return;
  const source = TARGETS[target];
  plan.override =
    source === undefined || enabled === 'Disabled'
      ? null
      : { source, isPersistent: enabled === 'Continuous' };
};
