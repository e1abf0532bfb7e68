// The directory of the break-glass kit: one sealed file per node, for the day on which database, keys and secret store
// are gone together. The name of a file says what it was sealed from and to (`mark`), so that a look at the directory
// shows what is missing or stale; nothing else is kept about it.

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { Failure } from '@bessemer/protocol/errors/failure';

import { syncDirectory, writeDurably } from '../write-once.ts';

export type KitFile = {
  readonly nodeUuid: string;
  /** See MARK_PATTERN. */
  readonly mark: string;
  readonly name: string;
};

export type KitDirectory = {
  /** Throws Failure for a directory that others can look into. */
  readonly list: () => Promise<readonly KitFile[]>;
  /** Whole or not at all, and durable on return. `label`, what people call the node, is put into the name. */
  readonly write: (
    file: Pick<KitFile, 'nodeUuid' | 'mark'>,
    label: string | null,
    data: Buffer,
  ) => Promise<void>;
  readonly remove: (files: readonly KitFile[]) => Promise<void>;
};

const PRIVATE_DIRECTORY = 0o700;
const PRIVATE_FILE = 0o600;
const OTHERS = 0o077;
const UNFINISHED = '.unfinished';

/** What is safe in every file system and shell. */
const LABEL_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const MARK_PATTERN = /^[0-9a-f]{32}$/;
/** A label, or none; the UUID of the node; the mark. */
const NAME_PATTERN =
  /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,62}\.)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9a-f]{32})\.age$/;

const readName = (name: string): KitFile | undefined => {
  const [, nodeUuid, mark] = NAME_PATTERN.exec(name) ?? [];
  return nodeUuid === undefined || mark === undefined ? undefined : { nodeUuid, mark, name };
};

const nameOf = (file: Pick<KitFile, 'nodeUuid' | 'mark'>, label: string | null): string => {
  if (!MARK_PATTERN.test(file.mark)) throw new Error(`${file.mark} is no mark of a kit file`);
  const isLabelled = label !== null && LABEL_PATTERN.test(label);
  return `${isLabelled ? `${label}.` : ''}${file.nodeUuid}.${file.mark}.age`;
};

export const openKitDirectory = (path: string): KitDirectory => {
  const openDirectory = async (): Promise<void> => {
    await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
    const { mode } = await stat(path);
    if ((mode & OTHERS) !== 0) {
      throw new Failure(
        'break-glass.directory',
        `${path} is open to others; its mode must be 0700.`,
      );
    }
  };

  return {
    list: async () => {
      await openDirectory();
      const names = await readdir(path);
      // Of a process that died while it wrote.
      for (const name of names.filter((each) => each.endsWith(`.age${UNFINISHED}`))) {
        await rm(join(path, name), { force: true });
      }
      return names.map(readName).filter((file) => file !== undefined);
    },
    write: async (file, label, data) => {
      const target = join(path, nameOf(file, label));
      const unfinished = `${target.slice(0, -'.age'.length)}.${randomBytes(6).toString('hex')}.age${UNFINISHED}`;
      await writeDurably(unfinished, data, PRIVATE_FILE);
      await rename(unfinished, target);
      await syncDirectory(path);
    },
    remove: async (files) => {
      if (files.length === 0) return;
      for (const { name } of files) await rm(join(path, name), { force: true });
      await syncDirectory(path);
    },
  };
};
