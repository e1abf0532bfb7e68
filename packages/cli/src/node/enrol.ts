// `enrol --lab-json FILE`: a node and its port for each machine that `lab up --json` described.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { plainText } from '#output/plain-text';

import { CliFailure } from '../cli-failure.ts';
import type { Session } from '../session.ts';
import { createNode, createPort } from './node-calls.ts';

export type LabMachine = {
  readonly name: string;
  readonly macs: readonly string[];
  readonly driverInfo: JsonObject;
  readonly networkData: JsonObject | undefined;
  readonly bootMode: string | undefined;
};

export type EnrolledNode = { readonly name: string; readonly uuid: string };

const isText = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && value !== '';

export const readLabMachines = (path: string, text: string): readonly LabMachine[] => {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new CliFailure('usage', `${path} is not JSON`, { cause: error });
  }
  const machines = isJsonObject(content) ? content['machines'] : undefined;
  if (!Array.isArray(machines)) {
    throw new CliFailure(
      'usage',
      `${path} has no "machines"; it must be what \`lab up --json\` prints`,
    );
  }
  return machines.map((machine) => machineOf(path, machine));
};

const machineOf = (path: string, machine: JsonValue): LabMachine => {
  const fields = isJsonObject(machine) ? machine : {};
  const { name, macs, driver_info: driverInfo, network_data: networkData } = fields;
  const addresses = Array.isArray(macs) ? macs.filter(isText) : [];
  if (!isText(name) || !isJsonObject(driverInfo) || addresses.length === 0) {
    throw new CliFailure('usage', `${path}: a machine lacks name, macs or driver_info`);
  }
  return {
    name,
    macs: addresses,
    driverInfo,
    networkData: isJsonObject(networkData) ? networkData : undefined,
    bootMode: isText(fields['boot_mode']) ? fields['boot_mode'] : undefined,
  };
};

export const enrol = async (
  session: Session,
  machine: LabMachine,
  options: { readonly driver: string },
): Promise<EnrolledNode> => {
  const node = await createNode(session, {
    name: machine.name,
    driver: options.driver,
    driver_info: machine.driverInfo,
    ...(machine.networkData === undefined ? {} : { network_data: machine.networkData }),
    ...(machine.bootMode === undefined
      ? {}
      : { properties: { capabilities: `boot_mode:${machine.bootMode}` } }),
  });
  const uuid = plainText(node['uuid']);
  for (const address of machine.macs) await createPort(session, { node_uuid: uuid, address });
  return { name: machine.name, uuid };
};
