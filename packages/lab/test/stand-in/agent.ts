// The smallest thing that can be a simulated machine's agent: shows what it was given, and ends as it is told.

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const directory = process.argv[process.argv.indexOf('--simulated') + 1] ?? '.';
const machine: { listen: { host: string; port: number } } = JSON.parse(
  readFileSync(join(directory, 'machine.json'), 'utf8'),
);

process.stdout.write('stand-in agent is up\n');
createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://agent');
  if (url.pathname === '/exit') {
    response.end('', () => process.exit(Number(url.searchParams.get('status'))));
    return;
  }
  if (url.pathname === '/write') {
    writeFileSync(join(directory, 'root', 'left-behind'), 'secret');
  }
  const config = join(directory, 'root/etc/ironic-python-agent.d/bessemer.conf');
  response.end(JSON.stringify({ machine, config: readFileSync(config, 'utf8') }));
}).listen(machine.listen.port, machine.listen.host);
