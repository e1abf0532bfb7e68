// The manager and its one virtual drive. Inserting fetches the whole image: a URL that does not work fails
// here, with the web server's status, and not later inside the machine.

import { rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { JsonObject } from '@bessemer/protocol/json';
import type { Answer, BmcState, ResourceFinder } from './bmc-state.ts';
import { collection } from './collection.ts';
import { NETWORK_PROTOCOL } from './network-protocol.ts';
import { fetchMedia, MediaFetchFailure } from './fetch-media.ts';
import { flagProperty, refuseUnknown, requiredText } from './property-values.ts';
import { RedfishRefusal } from './redfish-refusal.ts';
import { SYSTEM } from './systems.ts';
import { perform } from './tasks.ts';

const MANAGERS = '/redfish/v1/Managers';
const MANAGER = `${MANAGERS}/1`;
const MEDIA = `${MANAGER}/VirtualMedia`;
const CD = `${MEDIA}/Cd`;
const INSERT_PARAMETERS = [
  'Image',
  'Inserted',
  'WriteProtected',
  'TransferMethod',
  'TransferProtocolType',
  'MediaType',
  'UserName',
  'Password',
];

export const managerResources =
  (state: BmcState): ResourceFinder =>
  (path) => {
    const isPatchOnly = state.faults.isOn('patch-media');
    switch (path) {
      case MANAGERS:
        return { get: () => collection(MANAGERS, 'ManagerCollection', 'Managers', [MANAGER]) };
      case MANAGER:
        return { get: () => managerBody(state) };
      case MEDIA:
        return { get: () => collection(MEDIA, 'VirtualMediaCollection', 'Virtual media', [CD]) };
      case CD:
        return {
          get: () => mediaBody(state, isPatchOnly),
          ...(isPatchOnly ? { patch: ({ body }) => patchMedia(state, body) } : {}),
        };
      case `${CD}/Actions/VirtualMedia.InsertMedia`:
        if (isPatchOnly) return undefined;
        return { post: ({ body }) => insert(state, body) };
      case `${CD}/Actions/VirtualMedia.EjectMedia`:
        if (isPatchOnly) return undefined;
        return { post: () => perform(state, 'Eject media', () => eject(state)) };
      default:
        return undefined;
    }
  };

const patchMedia = (state: BmcState, body: JsonObject): Promise<Answer> => {
  const isEject = body['Image'] === null || flagProperty(body, 'Inserted') === false;
  return isEject ? perform(state, 'Eject media', () => eject(state)) : insert(state, body);
};

const insert = (state: BmcState, body: JsonObject): Promise<Answer> => {
  refuseUnknown(body, INSERT_PARAMETERS);
  const image = requiredText(body, 'Image');
  if (state.media.imageUrl !== null || state.media.transfer === 'busy') {
    throw new RedfishRefusal(409, 'ResourceInUse', 'There is a medium in the drive already.');
  }
  return perform(state, 'Insert media', () => insertImage(state, image));
};

const insertImage = async (state: BmcState, image: string): Promise<void> => {
  const localPath = join(state.mediaDirectory, `${randomBytes(6).toString('hex')}.iso`);
  state.media.transfer = 'busy';
  try {
    if (state.faults.isOn('media-failure')) throw new MediaFetchFailure('the server answered 503');
    const sizeBytes = await fetchMedia(image, localPath, { ca: state.mediaCa, clock: state.clock });
    state.counters.mediaBytes += sizeBytes;
    if (!state.faults.isOn('media-lost')) await state.machine.insertMedia(localPath);
    state.media.imageUrl = image;
    state.media.localPath = localPath;
  } catch (error) {
    await rm(localPath, { force: true });
    if (!(error instanceof MediaFetchFailure)) throw error;
    throw new RedfishRefusal(500, 'InternalError', `The image cannot be fetched: ${error.message}`);
  } finally {
    state.media.transfer = 'idle';
  }
};

const eject = async (state: BmcState): Promise<void> => {
  if (state.media.transfer === 'busy') {
    throw new RedfishRefusal(409, 'ResourceInUse', 'The image is still being fetched.');
  }
  await state.machine.ejectMedia();
  if (state.media.localPath !== null) await rm(state.media.localPath, { force: true });
  state.media.imageUrl = null;
  state.media.localPath = null;
};

const managerBody = (state: BmcState): JsonObject => ({
  '@odata.id': MANAGER,
  '@odata.type': '#Manager.v1_9_0.Manager',
  Id: '1',
  Name: 'BMC',
  ManagerType: 'BMC',
  UUID: state.managerUuid,
  Model: 'Lab BMC',
  FirmwareVersion: '1.0.0',
  DateTime: new Date(state.clock.wallMs()).toISOString(),
  Status: { State: 'Enabled', Health: 'OK' },
  NetworkProtocol: { '@odata.id': NETWORK_PROTOCOL },
  VirtualMedia: { '@odata.id': MEDIA },
  Links: { ManagerForServers: [{ '@odata.id': SYSTEM }] },
});

const mediaBody = ({ media }: BmcState, isPatchOnly: boolean): JsonObject => ({
  '@odata.id': CD,
  '@odata.type': '#VirtualMedia.v1_3_2.VirtualMedia',
  Id: 'Cd',
  Name: 'Virtual CD',
  MediaTypes: ['CD', 'DVD'],
  ConnectedVia: media.imageUrl === null ? 'NotConnected' : 'URI',
  Image: media.imageUrl,
  ImageName: media.imageUrl === null ? null : nameOf(media.imageUrl),
  Inserted: media.imageUrl !== null,
  WriteProtected: true,
  TransferMethod: 'Stream',
  ...(isPatchOnly
    ? {}
    : {
        Actions: {
          '#VirtualMedia.InsertMedia': { target: `${CD}/Actions/VirtualMedia.InsertMedia` },
          '#VirtualMedia.EjectMedia': { target: `${CD}/Actions/VirtualMedia.EjectMedia` },
        },
      }),
});

const nameOf = (url: string): string => new URL(url).pathname.split('/').at(-1) ?? '';
