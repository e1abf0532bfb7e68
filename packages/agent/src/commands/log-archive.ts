// Logs as a conductor wants them: base64 of a gzip'd tar.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { AgentContext } from '../agent-context.ts';
import { maskTokens } from './mask-tokens.ts';

const TAR_BLOCK_BYTES = 512;
/** Of one file: the end of a long log says more than its begin. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

export const makeLogArchive = async (context: AgentContext): Promise<string> => {
  const files = [
    { name: 'agent.log', content: `${context.log.lines().join('\n')}\n` },
    {
      name: 'inventory.json',
      content: JSON.stringify(await context.hardware.inventory(), null, 2),
    },
    ...(await context.hardware.logs()),
  ];
  const nowSeconds = Math.floor(context.clock.wallMs() / 1000);
  const parts = files.flatMap(({ name, content }) =>
    tarEntry(name, maskTokens(content), nowSeconds),
  );
  const tar = Buffer.concat([...parts, Buffer.alloc(2 * TAR_BLOCK_BYTES)]);
  return (await promisify(gzip)(tar)).toString('base64');
};

const tarEntry = (name: string, content: string, modifiedSeconds: number): Buffer[] => {
  const bytes = Buffer.from(content).subarray(-FILE_BYTES_MAX);
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  header.write(name, 0, 100, 'utf8');
  writeOctal(header, 0o600, 100, 8);
  writeOctal(header, 0, 108, 8);
  writeOctal(header, 0, 116, 8);
  writeOctal(header, bytes.length, 124, 12);
  writeOctal(header, modifiedSeconds, 136, 12);
  header.fill(' ', 148, 156);
  header.write('0', 156);
  header.write('ustar\u000000', 257, 'latin1');
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const padding = (TAR_BLOCK_BYTES - (bytes.length % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;
  return [header, bytes, Buffer.alloc(padding)];
};

const writeOctal = (header: Buffer, value: number, offset: number, length: number): void => {
  header.write(value.toString(8).padStart(length - 1, '0'), offset, 'latin1');
};
