// Putting a medium into a virtual drive and taking it out, in the two dialects that BMCs speak: the actions
// InsertMedia and EjectMedia, and a PATCH of Image and Inserted. Both are read back.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';

import type { Bmc } from './bmc-pool.ts';
import type { Resource } from './client.ts';
import { objectAt, textAt, textsAt } from './json-guard.ts';
import { pathAt } from './links.ts';
import { fetchSlots, imageIn, isOccupied, requireOpticalSlot } from './media-slots.ts';
import { readBack } from './read-back.ts';
import { BmcRefused } from './refused.ts';

/** Leaves `url`, and nothing else in any drive. Does nothing when that is so already. */
export const insertMedium = async (bmc: Bmc, url: string): Promise<void> => {
  const slots = await fetchSlots(bmc);
  const slot = requireOpticalSlot(bmc, slots);
  for (const each of slots) {
    const isOurs = each.path === slot.path && isSameImage(imageIn(each), url);
    if (isOccupied(each) && !isOurs) await eject(bmc, each);
  }
  await fillSlot(bmc, slot.path, url);
};

/** Leaves `url` in this drive; the others stay as they are. */
export const replaceMedium = async (bmc: Bmc, slot: Resource, url: string): Promise<void> => {
  if (isOccupied(slot) && !isSameImage(imageIn(slot), url)) await eject(bmc, slot);
  await fillSlot(bmc, slot.path, url);
};

const fillSlot = async (bmc: Bmc, path: string, url: string): Promise<void> => {
  const empty = await bmc.client.fetch(path, bmc.operation);
  if (isOccupied(empty) && isSameImage(imageIn(empty), url)) return;
  await insert(bmc, empty, url);
  await awaitSlot(bmc, path, 'show the new medium', (seen) => {
    if (!isOccupied(seen)) return false;
    const image = imageIn(seen);
    // A few never show the image; that something is inserted has to do for them.
    return image === undefined || isSameImage(image, url);
  });
};

/** Empties every drive. */
export const ejectMedia = async (bmc: Bmc): Promise<void> => ejectSlots(bmc, await fetchSlots(bmc));

export const ejectSlots = async (bmc: Bmc, slots: readonly Resource[]): Promise<void> => {
  for (const slot of slots) {
    if (isOccupied(slot)) await eject(bmc, slot);
  }
};

const insert = async (bmc: Bmc, slot: Resource, url: string): Promise<void> => {
  const action = objectAt(slot.body, 'Actions', '#VirtualMedia.InsertMedia');
  const target = textAt(action, 'target');
  if (action !== undefined && target !== undefined) {
    await act(bmc, target, insertParameters(action, url), url);
    return;
  }
  const change = { Image: url, Inserted: true, WriteProtected: true };
  try {
    // Many answer after they fetched the image; a second try meanwhile would find the drive taken.
    await bmc.client.patch(slot, change, bmc.operation, { isRepeatable: false, secrets: [url] });
  } catch (error) {
    if (!isAnswerLost(error)) throw error;
  }
};

/** The read-back that follows settles it. */
const isAnswerLost = (error: unknown): boolean =>
  error instanceof Failure && error.code === 'bmc.unreachable';

const insertParameters = (action: JsonObject, url: string): JsonObject => {
  const parameters: JsonObject = { Image: url, Inserted: true, WriteProtected: true };
  const transfer = transferType(url);
  // A BMC that lists what it can fetch wants to be told how to fetch.
  if (textsAt(action, 'TransferProtocolType@Redfish.AllowableValues').includes(transfer)) {
    parameters['TransferProtocolType'] = transfer;
  }
  return parameters;
};

/** HTTP, HTTPS, NFS, CIFS: the schemes under their own names. */
const transferType = (url: string): string => url.slice(0, url.indexOf(':')).toUpperCase();

/** Attempts with parameters added or dropped as the BMC asks; each changes something, so few are enough. */
const INSERT_ATTEMPTS_MAX = 4;

const act = async (
  bmc: Bmc,
  target: string,
  parameters: JsonObject,
  url: string,
): Promise<void> => {
  let attempt = parameters;
  for (let attempts = 1; ; attempts += 1) {
    try {
      await bmc.client.act(pathAt(bmc.client.origin, target), attempt, bmc.operation, {
        secrets: [url],
      });
      return;
    } catch (error) {
      if (isAnswerLost(error)) return;
      if (!(error instanceof BmcRefused) || attempts >= INSERT_ATTEMPTS_MAX) throw error;
      const changed = adjusted(attempt, error, url);
      if (changed === undefined) throw error;
      attempt = changed;
    }
  }
};

/** The parameters changed as the refusal asks; undefined when it asks nothing that can be done. */
const adjusted = (
  parameters: JsonObject,
  refused: BmcRefused,
  url: string,
): JsonObject | undefined => {
  const demandable: JsonObject = {
    TransferProtocolType: transferType(url),
    TransferMethod: 'Stream',
  };
  for (const message of refused.messages) {
    const names = `${message.arguments.join(' ')} ${message.text}`;
    if (/Missing/.test(message.key)) {
      const wanted = Object.entries(demandable).find(
        ([name]) => names.includes(name) && parameters[name] === undefined,
      );
      if (wanted !== undefined) return { ...parameters, [wanted[0]]: wanted[1] };
    }
    if (/Unknown|NotSupported|NotWritable|ReadOnly/.test(message.key)) {
      const unwanted = DISPENSABLE.find(
        (name) => names.includes(name) && parameters[name] !== undefined,
      );
      if (unwanted !== undefined) {
        return Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== unwanted));
      }
    }
  }
  return undefined;
};

const DISPENSABLE = [
  'WriteProtected',
  'Inserted',
  'TransferProtocolType',
  'TransferMethod',
] as const;

const eject = async (bmc: Bmc, slot: Resource): Promise<void> => {
  const target = textAt(slot.body, 'Actions', '#VirtualMedia.EjectMedia', 'target');
  if (target === undefined) {
    await bmc.client.patch(slot, { Image: null, Inserted: false }, bmc.operation);
  } else {
    try {
      await bmc.client.act(pathAt(bmc.client.origin, target), {}, bmc.operation);
    } catch (error) {
      // Some refuse to empty a drive that has just emptied itself.
      const isDone = error instanceof BmcRefused && !isOccupied(await again(bmc, slot));
      if (!isAnswerLost(error) && !isDone) throw error;
    }
  }
  await awaitSlot(bmc, slot.path, 'give up its medium', (seen) => !isOccupied(seen));
};

const again = (bmc: Bmc, slot: Resource): Promise<Resource> =>
  bmc.client.fetch(slot.path, bmc.operation);

const awaitSlot = async (
  bmc: Bmc,
  path: string,
  what: string,
  isDone: (slot: Resource) => boolean,
): Promise<void> => {
  const { isDone: isShown } = await readBack(bmc, path, bmc.options.mediaTimeoutMs, isDone);
  if (isShown) return;
  throw new Failure(
    'bmc.refused',
    `The virtual drive of the BMC at ${bmc.client.origin} did not ${what}`,
    { isRetryable: true, details: { slot: path } },
  );
};

const isSameImage = (seen: string | undefined, url: string): boolean => {
  if (seen === undefined) return false;
  if (seen === url) return true;
  // Some show the path only.
  if (seen.startsWith('/')) return URL.canParse(url) && new URL(url).pathname === seen;
  return URL.canParse(seen) && URL.canParse(url) && new URL(seen).href === new URL(url).href;
};
