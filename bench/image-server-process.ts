// Serves one file over HTTP with ranges, in a process of its own, and prints its port.

import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';

const path = process.argv[2] ?? '';
const { size } = statSync(path);
const CHUNK_BYTES = 1024 * 1024;

const server = createServer((request, response) => {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(from ?? 0);
  const end = to === undefined || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  response.writeHead(from === undefined ? 200 : 206, {
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    etag: '"bench"',
    ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  if (request.method === 'HEAD') response.end();
  else createReadStream(path, { start, end, highWaterMark: CHUNK_BYTES }).pipe(response);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`${port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
