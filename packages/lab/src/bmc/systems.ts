// The machine as its BMC shows it: identity, power, boot override, secure boot, network cards.

import type { JsonObject } from '@bessemer/protocol/json';
import type { Answer, BmcState, ResourceFinder } from './bmc-state.ts';
import { changeBoot, bootBody } from './boot-override.ts';
import { collection } from './collection.ts';
import { isPowerShownOn, resetMachine, RESET_TYPES } from './power-actions.ts';
import { flagProperty, objectProperty, refuseUnknown, textProperty } from './property-values.ts';
import { perform } from './tasks.ts';

const SYSTEMS = '/redfish/v1/Systems';
export const SYSTEM = `${SYSTEMS}/1`;
const CHASSIS = '/redfish/v1/Chassis';

export const systemResources =
  (state: BmcState): ResourceFinder =>
  (path) => {
    const { machine } = state;
    switch (path) {
      case SYSTEMS:
        return { get: () => collection(SYSTEMS, 'ComputerSystemCollection', 'Systems', [SYSTEM]) };
      case SYSTEM:
        return {
          get: () => systemBody(state),
          patch: ({ body }) => changeSystem(state, body),
        };
      case `${SYSTEM}/Actions/ComputerSystem.Reset`:
        return {
          post: ({ body }) => {
            const type = textProperty(body, 'ResetType') ?? 'On';
            return perform(state, `Reset ${type}`, () => resetMachine(state, type));
          },
        };
      case `${SYSTEM}/SecureBoot`:
        return {
          get: () => secureBootBody(state),
          patch: ({ body }) => {
            refuseUnknown(body, ['SecureBootEnable']);
            const isOn = flagProperty(body, 'SecureBootEnable');
            if (isOn !== undefined) machine.bootPlan.isSecureBootOn = isOn;
            return { status: 200, body: secureBootBody(state) };
          },
        };
      case `${SYSTEM}/EthernetInterfaces`:
        return {
          get: () =>
            collection(
              path,
              'EthernetInterfaceCollection',
              'Ethernet interfaces',
              machine.facts.macs.map((_mac, index) => `${path}/${index + 1}`),
            ),
        };
      case CHASSIS:
        return { get: () => collection(CHASSIS, 'ChassisCollection', 'Chassis', [`${CHASSIS}/1`]) };
      case `${CHASSIS}/1`:
        return { get: () => chassisBody(state) };
      default:
        return networkCard(state, path);
    }
  };

const networkCard = (state: BmcState, path: string): ReturnType<ResourceFinder> => {
  const prefix = `${SYSTEM}/EthernetInterfaces/`;
  const number = path.startsWith(prefix) ? path.slice(prefix.length) : '';
  const mac = /^[1-9]$/.test(number) ? state.machine.facts.macs[Number(number) - 1] : undefined;
  if (mac === undefined) return undefined;
  return {
    get: () => ({
      '@odata.id': path,
      '@odata.type': '#EthernetInterface.v1_6_0.EthernetInterface',
      Id: number,
      Name: `NIC ${number}`,
      MACAddress: mac,
      PermanentMACAddress: mac,
      InterfaceEnabled: true,
      LinkStatus: state.machine.isOn() ? 'LinkUp' : 'NoLink',
      Status: { State: 'Enabled', Health: 'OK' },
    }),
  };
};

const changeSystem = async (state: BmcState, body: JsonObject): Promise<Answer> => {
  refuseUnknown(body, ['Boot', 'AssetTag', 'IndicatorLED']);
  const boot = objectProperty(body, 'Boot');
  if (boot !== undefined) changeBoot(state, boot);
  return { status: 200, body: systemBody(state) };
};

const systemBody = (state: BmcState): JsonObject => {
  const { facts } = state.machine;
  const body: JsonObject = {
    '@odata.id': SYSTEM,
    '@odata.type': '#ComputerSystem.v1_13_0.ComputerSystem',
    Id: '1',
    Name: facts.name,
    SystemType: 'Physical',
    Manufacturer: facts.manufacturer,
    Model: facts.model,
    SerialNumber: facts.serial,
    SKU: facts.model,
    PartNumber: null,
    AssetTag: '',
    UUID: facts.uuid,
    HostName: '',
    BiosVersion: facts.biosVersion,
    PowerState: isPowerShownOn(state) ? 'On' : 'Off',
    Status: { State: state.machine.isOn() ? 'Enabled' : 'Disabled', Health: 'OK' },
    Boot: bootBody(state),
    ProcessorSummary: { Count: facts.cpuCount, LogicalProcessorCount: facts.cpuCount },
    MemorySummary: { TotalSystemMemoryGiB: facts.memoryMiB / 1024 },
    EthernetInterfaces: { '@odata.id': `${SYSTEM}/EthernetInterfaces` },
    SecureBoot: { '@odata.id': `${SYSTEM}/SecureBoot` },
    Links: {
      Chassis: [{ '@odata.id': `${CHASSIS}/1` }],
      ManagedBy: [{ '@odata.id': '/redfish/v1/Managers/1' }],
    },
    Actions: {
      '#ComputerSystem.Reset': {
        target: `${SYSTEM}/Actions/ComputerSystem.Reset`,
        'ResetType@Redfish.AllowableValues': [...RESET_TYPES],
      },
    },
  };
  return hostile(state, body);
};

/** Answers that a careless client would choke on. */
const hostile = (state: BmcState, body: JsonObject): JsonObject => {
  const sizeMiB = state.faults.valueOf('huge-answer');
  if (sizeMiB !== undefined) body['Oem'] = 'x'.repeat(sizeMiB * 1024 * 1024);
  const depth = state.faults.valueOf('deep-answer') ?? 0;
  let nest: JsonObject = {};
  for (let level = 0; level < depth; level += 1) nest = { Oem: nest };
  if (depth > 0) body['Oem'] = nest;
  return body;
};

const secureBootBody = (state: BmcState): JsonObject => ({
  '@odata.id': `${SYSTEM}/SecureBoot`,
  '@odata.type': '#SecureBoot.v1_1_0.SecureBoot',
  Id: 'SecureBoot',
  Name: 'UEFI Secure Boot',
  SecureBootEnable: state.machine.bootPlan.isSecureBootOn,
  SecureBootCurrentBoot: state.machine.bootPlan.isSecureBootOn ? 'Enabled' : 'Disabled',
  SecureBootMode: 'UserMode',
});

const chassisBody = (state: BmcState): JsonObject => ({
  '@odata.id': `${CHASSIS}/1`,
  '@odata.type': '#Chassis.v1_13_0.Chassis',
  Id: '1',
  Name: 'Chassis',
  ChassisType: 'RackMount',
  Manufacturer: state.machine.facts.manufacturer,
  Model: state.machine.facts.model,
  SerialNumber: state.machine.facts.serial,
  PowerState: state.machine.isOn() ? 'On' : 'Off',
  Links: {
    ComputerSystems: [{ '@odata.id': SYSTEM }],
    ManagedBy: [{ '@odata.id': '/redfish/v1/Managers/1' }],
  },
});
