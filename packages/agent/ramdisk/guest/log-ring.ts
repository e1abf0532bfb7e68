// Keeps the last lines of what goes to the console in two files of bounded size, for collect_system_logs.

import { appendFileSync, renameSync } from 'node:fs';

const LOG_FILE = '/var/log/bessemer-agent.log';
const LOG_BYTES_MAX = 1024 ** 2;

export const keepLog = (): void => {
  let sizeBytes = 0;
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
    const keeping = (chunk: unknown, ...rest: unknown[]): boolean => {
      const bytes = Buffer.from(chunk as string);
      if (sizeBytes + bytes.length > LOG_BYTES_MAX) {
        renameSync(LOG_FILE, `${LOG_FILE}.1`);
        sizeBytes = 0;
      }
      appendFileSync(LOG_FILE, bytes, { mode: 0o600 });
      sizeBytes += bytes.length;
      return write(chunk, ...rest);
    };
    stream.write = keeping;
  }
};
