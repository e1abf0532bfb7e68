// The steps that this agent brings. Priorities as operators know them from the stock agent.

import type { JsonValue } from '@bessemer/protocol/json';
import { configDriveOf } from '#commands/standby-commands';
import { parseImageInfo } from '#image/image-info';
import { prepareImage } from '#image/prepare-image';
import type { AgentContext } from '../agent-context.ts';
import { eraseDevices, eraseDevicesMetadata } from '../erase/erase-devices.ts';
import type { Step, StepManager, StepRun } from './steps.ts';

export const builtInSteps = (context: AgentContext): StepManager => {
  const { name, className, version } = context.hardware;
  const eraseMetadata = (priority: number): Step => ({
    step: 'erase_devices_metadata',
    interface: 'deploy',
    priority,
    reboot_requested: false,
    abortable: true,
    run: ({ node }) => eraseDevicesMetadata(context, node),
  });
  const eraseAll: Step = {
    step: 'erase_devices',
    interface: 'deploy',
    priority: 10,
    reboot_requested: false,
    abortable: true,
    run: ({ node, report }) => eraseDevices(context, node, report),
  };
  const writeImage: Step = {
    step: 'write_image',
    interface: 'deploy',
    priority: 0,
    reboot_requested: false,
    run: (run) => writeImageStep(context, run),
  };
  return {
    name,
    className,
    version,
    steps: {
      clean: [eraseMetadata(99), eraseAll],
      deploy: [eraseMetadata(0), writeImage],
      service: [],
    },
  };
};

const writeImageStep = async (
  context: AgentContext,
  { args, report }: StepRun,
): Promise<JsonValue> => {
  const { text, readBack } = await prepareImage(context, {
    imageInfo: parseImageInfo(args['image_info']),
    configDrive: configDriveOf(args['configdrive'], args['image_info']),
    report,
  });
  // A stock agent runs its own command here, whose name is part of the text.
  return {
    result: `prepare_image: ${text}`,
    ...(readBack === null ? {} : { read_back: { ...readBack } }),
  };
};
