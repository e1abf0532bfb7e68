// Stands in for the agent while the tree has none: shows what the medium brought, and stays.

import { existsSync, readFileSync } from 'node:fs';
import { AGENT_CONFIG_PATH } from '@bessemer/protocol/media/reserved-region';

const file = `/${AGENT_CONFIG_PATH}`;
const keys = existsSync(file)
  ? readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split('=')[0]?.trim() ?? '')
      .filter((key) => key !== '')
  : [];
process.stdout.write(`stub agent: configuration keys ${keys.join(' ') || 'none'}\n`);
process.stdin.resume();
setInterval(() => {}, 60_000);
