// What is kept of a machine's firmware is read anew when the node is managed, inspected or cleaned, and after a step
// that changed it. A machine that does not tell keeps what was known of it.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { BiosSetting, FirmwareComponent } from '#drivers/hardware-interfaces';
import { type ReadBiosSetting, replaceBiosSettings } from '#store/bios-settings';
import type { Queryable } from '#store/database';
import { type ReadFirmware, replaceFirmware } from '#store/firmware-components';

import { type Job, planned, type Step } from '../workflow/step.ts';

const biosRow = (setting: BiosSetting): ReadBiosSetting => ({
  name: setting.name,
  value: setting.value,
  registry: {
    attribute_type: setting.attributeType,
    allowable_values: setting.allowableValues === null ? null : [...setting.allowableValues],
    lower_bound: setting.lowerBound,
    upper_bound: setting.upperBound,
    min_length: setting.minLength,
    max_length: setting.maxLength,
    read_only: setting.isReadOnly,
    reset_required: setting.isResetRequired,
    unique: setting.isUnique,
  },
});

const firmwareRow = (facts: FirmwareComponent): ReadFirmware => ({
  component: facts.component,
  current_version: facts.version,
  vendor: facts.vendor,
  model: facts.model,
  serial_number: facts.serialNumber,
});

const readOrKeep = async <T>(job: Job, read: Promise<T> | undefined): Promise<T | undefined> => {
  try {
    return await read;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    job.log.warn({ err: error }, 'the firmware of the machine could not be read');
    return undefined;
  }
};

/** Asks the machine now; the returned function stores what it said. */
export const readHardware = async (job: Job): Promise<(queryable: Queryable) => Promise<void>> => {
  const { driver, node, parts } = job;
  const settings = await readOrKeep(job, driver.bios?.fetchSettings(node));
  const components = await readOrKeep(job, driver.firmware?.fetchComponents(node));
  const nowMs = parts.clock.wallMs();
  return async (queryable) => {
    if (settings !== undefined) {
      await replaceBiosSettings(queryable, node.uuid, settings.map(biosRow), nowMs);
    }
    if (components !== undefined) {
      await replaceFirmware(queryable, node.uuid, components.map(firmwareRow), nowMs);
    }
  };
};

export const readHardwareStep: Step = {
  name: 'read_hardware',
  isIdempotent: true,
  run: async (job) => ({ kind: 'done', also: await readHardware(job) }),
};

/** For machines that have something to tell. */
export const readHardwarePlan = ({ bios, firmware }: Pick<Job['driver'], 'bios' | 'firmware'>) =>
  bios === undefined && firmware === undefined ? [] : [planned('read_hardware', 'management')];
