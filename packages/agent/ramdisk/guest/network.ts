// Brings the network up: as the boot medium says, else by DHCP on every card that has a cable.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { NETWORK_DATA_PATH } from '@bessemer/protocol/media/reserved-region';
import { planNetwork, type Card, type NetworkData } from './network-plan.ts';

const CARDS = '/sys/class/net';
const PROGRAM_MS_MAX = 60_000;
/** Ten tries a second apart, as switches with spanning tree need a while. */
const DHCP_ARGUMENTS = ['-s', '/etc/udhcpc.script', '-t', '10', '-T', '1', '-n', '-q'];

export const bringNetworkUp = (say: (text: string) => void): void => {
  const cards = findCards();
  const dataFile = `/${NETWORK_DATA_PATH}`;
  if (existsSync(dataFile)) {
    const data = JSON.parse(readFileSync(dataFile, 'utf8')) as NetworkData;
    const plan = planNetwork(data, cards);
    for (const text of plan.complaints) say(`network: ${text}`);
    for (const command of plan.commands) attempt('ip', command, say);
    writeFileSync(
      '/etc/resolv.conf',
      plan.nameServers.map((each) => `nameserver ${each}\n`).join(''),
    );
    if (plan.commands.some((command) => command.includes('addr'))) {
      say(`network: ${plan.commands.map((command) => command.join(' ')).join('; ')}`);
      return;
    }
    say('network: the medium has no address for this machine; asking DHCP');
  }
  for (const card of cards) {
    attempt('ip', ['link', 'set', 'dev', card.name, 'up'], say);
    attempt('busybox', ['udhcpc', '-i', card.name, ...DHCP_ARGUMENTS], say);
  }
};

const findCards = (): readonly Card[] =>
  readdirSync(CARDS)
    .filter((name) => existsSync(`${CARDS}/${name}/device`))
    .sort()
    .map((name) => ({ name, mac: readFileSync(`${CARDS}/${name}/address`, 'utf8').trim() }));

const attempt = (program: string, args: readonly string[], say: (text: string) => void): void => {
  try {
    execFileSync(program, [...args], {
      timeout: PROGRAM_MS_MAX,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const text =
      error instanceof Error ? error.message.trim().replaceAll('\n', ' ') : String(error);
    say(`network: ${text}`);
  }
};
