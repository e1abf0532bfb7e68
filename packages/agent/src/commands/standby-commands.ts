// `standby.*`: writing an image outside a step, and ending the machine.

import { isJsonObject } from '@bessemer/protocol/json';
import { parseImageInfo } from '#image/image-info';
import { prepareImage } from '#image/prepare-image';
import type { AgentContext } from '../agent-context.ts';
import type { Command } from './command.ts';

export const standbyCommands = (context: AgentContext): Command[] => [
  {
    name: 'standby.prepare_image',
    kind: 'async',
    validate: (params) => void parseImageInfo(params['image_info']),
    run: async ({ params, report }) => {
      const { text } = await prepareImage(context, {
        imageInfo: parseImageInfo(params['image_info']),
        configDrive: configDriveOf(params['configdrive'], params['image_info']),
        report,
      });
      return text;
    },
  },
  {
    name: 'standby.power_off',
    kind: 'async',
    run: async () => {
      await context.end('power-off');
      return null;
    },
  },
  {
    name: 'standby.run_image',
    kind: 'async',
    run: async () => {
      await context.end('reboot');
      return null;
    },
  },
  {
    name: 'standby.sync',
    kind: 'sync',
    run: async () => {
      await context.hardware.flush();
      return null;
    },
  },
  {
    name: 'standby.get_partition_uuids',
    kind: 'sync',
    run: async () => {
      const { image } = context.state;
      return image === null || image.diskIdentifier === null
        ? {}
        : { 'root uuid': image.diskIdentifier };
    },
  },
];

/** Its place of old is inside the image description. */
export const configDriveOf = (given: unknown, imageInfo: unknown): string | null => {
  if (typeof given === 'string' && given !== '') return given;
  const legacy = isJsonObject(imageInfo) ? imageInfo['configdrive'] : undefined;
  return typeof legacy === 'string' && legacy !== '' ? legacy : null;
};
