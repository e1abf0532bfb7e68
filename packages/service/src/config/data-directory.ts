// The one directory in which the service keeps everything: store, keys, authority, accounts. Nobody else may look
// into it.

import { chmod, mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

export type DataDirectory = {
  readonly path: string;
  readonly store: string;
  readonly keys: string;
  readonly authority: string;
  /** Certificates of our own listeners. */
  readonly listeners: string;
  readonly htpasswd: string;
  /** What the users of htpasswd may do. */
  readonly users: string;
  readonly adminPassword: string;
  readonly clouds: string;
  readonly images: string;
  /** What ramdisks said when something failed in them. */
  readonly agentLogs: string;
};

export const openDataDirectory = async (path: string): Promise<DataDirectory> => {
  const root = resolve(path);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const { mode } = await stat(root);
  if ((mode & 0o077) !== 0) await chmod(root, 0o700);
  return {
    path: root,
    store: join(root, 'bessemer.sqlite'),
    keys: join(root, 'keys'),
    authority: join(root, 'ca'),
    listeners: join(root, 'listeners'),
    htpasswd: join(root, 'htpasswd'),
    users: join(root, 'users.yaml'),
    adminPassword: join(root, 'admin-password'),
    clouds: join(root, 'clouds.yaml'),
    images: join(root, 'images'),
    agentLogs: join(root, 'agent-logs'),
  };
};
