// Serves the files of one directory by HTTP: a web server that is not the service. DIRECTORY HOST PORT; prints one
// line when it listens.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';

const [directory = '', host = '', port = ''] = process.argv.slice(2);

const server = createServer((request, response) => {
  const path = join(directory, basename(new URL(request.url ?? '/', 'http://web').pathname));
  void stat(path).then(
    ({ size }) => {
      response.writeHead(200, { 'content-length': size });
      if (request.method === 'HEAD') response.end();
      else createReadStream(path).pipe(response);
    },
    () => response.writeHead(404).end(),
  );
});
server.listen(Number(port), host, () => process.stdout.write('listens\n'));
