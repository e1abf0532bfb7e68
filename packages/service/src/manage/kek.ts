// `bessemer kek list|rotate|rewrap|retire`: the keys that tokens, agent keys and boot media are sealed with.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { systemClock } from '#clock';
import { listKeyFiles, makeNextKeyFile, removeKeyFile } from '#trust/key-files';
import { openKeyRing } from '#trust/key-ring';

import {
  type Command,
  DATA_OPTIONS,
  DATA_OPTIONS_HELP,
  type OpenData,
  type Print,
  UsageInvalid,
  withData,
} from './command.ts';
import { countByKey, rewrapAll } from './rewrap.ts';

export const KEK_USAGE = `usage: bessemer kek list --data DIR
       bessemer kek rotate --data DIR
       bessemer kek rewrap --data DIR
       bessemer kek retire ID --data DIR

list    shows the key-encryption keys and how many sealed values need each.
rotate  makes a new key and gives it to every sealed value. The service may run: it seals with the new key at once.
rewrap  only the second half, for a new key file that was put on every host of a shared store.
retire  deletes the file of a key that no value needs any more. Backups of the store that are older than the last
        rotate need it: keep it with them.

${DATA_OPTIONS_HELP}`;

/** A service that was about to store something sealed with the key before has done so by then. */
const SETTLE_MS = 60_000;

const list = async ({ directory, store }: OpenData, print: Print): Promise<number> => {
  const counts = await countByKey(store);
  const ids = await listKeyFiles(directory.keys);
  for (const id of ids) {
    print(`${id}  ${counts.get(id) ?? 0} values${id === ids.at(-1) ? '  (seals)' : ''}`);
  }
  const missing = [...counts.keys()].filter((id) => !ids.includes(id));
  for (const id of missing)
    print(`${id}  ${counts.get(id)} values  MISSING: they cannot be opened`);
  return missing.length === 0 ? 0 : 1;
};

const rewrap = async ({ directory, store }: OpenData, print: Print): Promise<number> => {
  const { rewrapped, overtaken, unreadable } = await rewrapAll(
    store,
    await openKeyRing(directory.keys),
  );
  print(`${rewrapped} values have the newest key now`);
  if (overtaken > 0) print(`${overtaken} were changed by the service meanwhile; run it once more`);
  for (const each of unreadable) print(`cannot be opened: ${each}`);
  return unreadable.length === 0 ? 0 : 1;
};

const rotate = async (data: OpenData, print: Print): Promise<number> => {
  const id = await makeNextKeyFile(data.directory.keys);
  print(`${id} made; back it up: without it nothing sealed from now on can be opened`);
  return rewrap(data, print);
};

const retire = async (
  { directory, store }: OpenData,
  id: string | undefined,
  print: Print,
): Promise<number> => {
  const ids = await listKeyFiles(directory.keys);
  if (id === undefined || !ids.includes(id)) {
    throw new UsageInvalid(`expected one of ${ids.join(', ')}`);
  }
  const refuse = (text: string): number => {
    print(`${id} stays: ${text}`);
    return 1;
  };
  const newest = ids.at(-1) as string;
  if (id === newest) return refuse('it is the newest; "bessemer kek rotate" first');
  const { mtimeMs } = await stat(join(directory.keys, newest));
  if (systemClock.wallMs() - mtimeMs < SETTLE_MS) {
    return refuse(`${newest} was made less than ${SETTLE_MS / 1_000} seconds ago; try again then`);
  }
  const needed = (await countByKey(store)).get(id) ?? 0;
  if (needed > 0) return refuse(`${needed} values need it; "bessemer kek rewrap" first`);
  await removeKeyFile(directory.keys, id);
  print(`${id} is deleted`);
  return 0;
};

export const kek: Command = async (args, print) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: DATA_OPTIONS,
  });
  const [action, id, ...rest] = positionals;
  const isRight = action === 'retire' || id === undefined;
  if (!isRight || rest.length > 0) throw new UsageInvalid('too many words');
  return withData(values, (data) => {
    switch (action) {
      case 'list':
        return list(data, print);
      case 'rotate':
        return rotate(data, print);
      case 'rewrap':
        return rewrap(data, print);
      case 'retire':
        return retire(data, id, print);
      default:
        throw new UsageInvalid('expected "list", "rotate", "rewrap" or "retire"');
    }
  });
};
