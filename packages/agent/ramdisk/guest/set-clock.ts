// Sets the clock of the machine when its boot configuration says that it is far off.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

import { AGENT_CONFIG_PATH } from '@bessemer/protocol/media/reserved-region';

import { clockWish } from './clock-wish.ts';

export const setClock = (say: (text: string) => void): void => {
  const path = `/${AGENT_CONFIG_PATH}`;
  if (!existsSync(path)) return;
  const wishMs = clockWish(readFileSync(path, 'utf8'), Date.now());
  if (wishMs === undefined) return;
  const text = new Date(wishMs).toISOString().slice(0, 19).replace('T', ' ');
  const { status } = spawnSync('busybox', ['date', '-u', '-s', text], { stdio: 'ignore' });
  say(status === 0 ? `the clock was set to ${text}` : 'the clock could not be set');
};
