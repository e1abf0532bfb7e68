// What the demo needs before the machine lives: ramdisk, image, service. Everything is cached; the second run is quick.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { isJsonObject } from '@bessemer/protocol/json';
import { LIGHT_RAMDISK_ISO } from '@bessemer/protocol/paths';

import { sizeText } from '#output/quantity';

import { CliFailure } from '../cli-failure.ts';
import type { Clock } from '../clock.ts';
import { requireBessemer, type RunningService, startService } from './child-process.ts';
import { makeSmallImage } from './small-image.ts';

export type DemoImage = {
  readonly path: string;
  readonly directory: string;
  readonly sha256: string;
  readonly format: string;
  readonly text: string;
};

export type SetUpPlace = {
  readonly work: string;
  readonly cache: string;
  readonly logPath: string;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
};

export const buildRamdisk = async (place: SetUpPlace): Promise<string> => {
  const output = await requireBessemer(['ramdisk', 'build'], place);
  return output.trim().split('\n').at(-1) ?? 'built';
};

export const smallImage = (place: SetUpPlace): DemoImage => {
  const path = join(place.work, 'small.raw');
  const { sha256, mib } = makeSmallImage(path);
  return { path, directory: place.work, sha256, format: 'raw', text: `${mib} MiB, raw` };
};

/** `lab image debian` says where the image is and what its digest is. */
export const debianImage = async (place: SetUpPlace): Promise<DemoImage> => {
  const output = await requireBessemer(['lab', 'image', 'debian', '--format', 'raw.zst'], place);
  const image: unknown = JSON.parse(output.slice(output.indexOf('{')));
  if (!isJsonObject(image)) throw new CliFailure('failed', 'lab image printed no description');
  const { file: path, sha256, sizeBytes, virtualBytes } = image;
  if (typeof path !== 'string' || typeof sha256 !== 'string') {
    throw new CliFailure(
      'failed',
      'lab image did not say where the image is and what its digest is',
    );
  }
  return {
    path,
    directory: dirname(path),
    sha256,
    format: 'raw',
    text: `${path}, ${sizeText(Number(sizeBytes))} (${sizeText(Number(virtualBytes))} on a disk)`,
  };
};

/** QEMU machines reach the host under this address only. */
const LAB_HOST = '10.99.0.1';
const READY_MS_MAX = 30_000;

export const serve = async (
  place: SetUpPlace,
  options: { readonly isQuick: boolean; readonly image: DemoImage; readonly clock: Clock },
): Promise<RunningService & { readonly cloudsText: string; readonly cloudsPath: string }> => {
  const data = join(place.work, 'data');
  const host = options.isQuick ? '127.0.0.1' : LAB_HOST;
  const settings = [
    `image.file_directories=${options.image.directory}`,
    // The lab's BMCs are processes of this host.
    'redfish.allow_loopback=true',
    ...(options.isQuick ? [`deploy.ramdisk_iso=${join(place.cache, LIGHT_RAMDISK_ISO)}`] : []),
  ];
  const service = await startService(
    [
      '--data',
      data,
      '--listen',
      '127.0.0.1:0',
      '--agent-listen',
      `${host}:0`,
      '--boot-listen',
      `${host}:0`,
      ...settings.flatMap((setting) => ['--set', setting]),
    ],
    { logPath: join(place.work, 'serve.log'), readyMsMax: READY_MS_MAX, clock: options.clock },
  );
  const cloudsPath = join(data, 'clouds.yaml');
  return { ...service, cloudsPath, cloudsText: readFileSync(cloudsPath, 'utf8') };
};
