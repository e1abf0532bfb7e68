// The open boots of a separate boot host on its disk, one file each, so that a restart loses none. A file is there as
// long as its boot is open, and no longer: in poll-only it holds the token.

import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isUuid, parsePushedBoot, type PushedBoot } from './control-protocol.ts';

export type KeptBoots = {
  readonly load: () => Promise<readonly PushedBoot[]>;
  /** Replaces what the node had. */
  readonly keep: (boot: PushedBoot) => Promise<void>;
  readonly drop: (nodeUuid: string) => Promise<void>;
};

const ENDING = '.json';

export const openKeptBoots = async (directory: string): Promise<KeptBoots> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pathOf = (nodeUuid: string): string => {
    if (!isUuid(nodeUuid)) throw new Error('a boot is kept under the UUID of its node');
    return join(directory, `${nodeUuid}${ENDING}`);
  };
  return {
    load: async () => {
      const boots: PushedBoot[] = [];
      for (const name of await readdir(directory)) {
        const path = join(directory, name);
        // Written by a process that died before it was done: its caller knows that it was never taken on.
        if (name.endsWith(ENDING))
          boots.push(parsePushedBoot(JSON.parse(await readFile(path, 'utf8'))));
        else await rm(path, { force: true });
      }
      return boots;
    },
    keep: async (boot) => {
      const path = pathOf(boot.nodeUuid);
      await writeFile(`${path}.new`, JSON.stringify(boot), { mode: 0o600, flush: true });
      await rename(`${path}.new`, path);
    },
    drop: (nodeUuid) => rm(pathOf(nodeUuid), { force: true }),
  };
};
