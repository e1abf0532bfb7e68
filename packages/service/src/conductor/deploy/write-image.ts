// The image: judged before the machine is booted for it, then written by the agent in one pass.

import type { JsonObject } from '@bessemer/protocol/json';

import { buildConfigDrive } from '#media/configdrive';
import { checkImageHost, checkImageSource, openImageFile } from '#media/image-source';

import { AGENT_STEP_RUNNER, makeAgentStep } from '../agent-session/run-agent-step.ts';
import { imageFileUrl } from '../image-files.ts';
import { DONE, type Job, type Step } from '../workflow/step.ts';
import { imageRules } from './image-rules.ts';

const requestOf = (job: Job) =>
  checkImageSource(job.node.instanceInfo, imageRules(job.parts.options));

/** The config drive as the agent takes it: base64 of a compressed ISO. Undefined when there is none. */
const configDriveOf = async (job: Job): Promise<string | undefined> => {
  const { configdrive } = job.node.instanceInfo;
  if (configdrive === undefined || configdrive === null || configdrive === '') return undefined;
  return buildConfigDrive(configdrive as string | JsonObject, { nodeUuid: job.node.uuid });
};

/** Everything that can be known to be wrong is, before a machine is booted for it. */
export const prepareImage: Step = {
  name: 'prepare_image',
  isIdempotent: true,
  run: async (job) => {
    const image = requestOf(job);
    const rules = imageRules(job.parts.options);
    if (image.source.kind === 'url') await checkImageHost(image.source.url, rules);
    else await (await openImageFile(image.source.path, rules)).close();
    await configDriveOf(job);
    return { ...DONE, detail: { image: image.name, format: image.format } };
  },
};

const writeArguments = async (job: Job): Promise<JsonObject> => {
  const image = requestOf(job);
  const url =
    image.source.kind === 'url' ? image.source.url.href : imageFileUrl(job.parts, job.node, image);
  const configDrive = await configDriveOf(job);
  return {
    image_info: {
      id: image.name,
      urls: [url],
      disk_format: image.format,
      container_format: 'bare',
      stream_raw_images: true,
      os_hash_algo: image.algorithm,
      os_hash_value: image.digest,
      node_uuid: job.node.uuid,
    },
    ...(configDrive === undefined ? {} : { configdrive: configDrive }),
  };
};

export const writeImage: Step = makeAgentStep(AGENT_STEP_RUNNER.deploy, {
  kind: 'deploy',
  args: writeArguments,
  onDone: (_job, result) => ({ kind: 'done', detail: result }),
});
