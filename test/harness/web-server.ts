// A web server for images that is not the service, and lives when that dies.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { freePort } from '../../packages/lab/src/free-ports.ts';

const HOST = '127.0.0.1';
const PROGRAM = join(import.meta.dirname, 'file-server.ts');

export type WebServer = { readonly url: string; readonly stop: () => Promise<void> };

/** Serves the files of one directory. */
export const startWebServer = async (directory: string): Promise<WebServer> => {
  const port = await freePort();
  const child = spawn(process.execPath, [PROGRAM, directory, HOST, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(([code]) => Promise.reject(new Error(`the web server ended with ${code}`))),
  ]);
  return {
    url: `http://${HOST}:${port}`,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
};
