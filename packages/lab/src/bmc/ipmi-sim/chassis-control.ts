// What ipmi_sim runs when its machine is to be switched or asked: `SOCKET MACHINE get power`, `set boot pxe`, ... It
// asks the lab, so that QEMU is the lab's child and not one of ipmi_sim, whose sockets it would inherit.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { callLab } from '../../daemon/control-client.ts';
import type { BootSource } from '../power-model.ts';

const SOURCES: { readonly [device: string]: BootSource | null } = {
  none: null,
  default: null,
  pxe: 'network',
  cdrom: 'cdrom',
  bios: 'firmware',
};

const POWER_ACTIONS: { readonly [change: string]: string } = {
  'power 0': 'off',
  'power 1': 'on',
  'reset 1': 'reset',
  'shutdown 1': 'soft-off',
};

const run = async (socket: string, machine: string, args: readonly string[]): Promise<string> => {
  const ask = (what: string, body?: JsonObject): Promise<JsonValue> =>
    callLab(socket, `/machines/${machine}${what}`, body);
  const [verb, ...what] = args;
  if (verb === 'get') return shown(await ask(''), what[0]);
  const [subject, value = ''] = what;
  const action = POWER_ACTIONS[`${subject} ${value}`];
  if (verb === 'set' && subject === 'boot' && Object.hasOwn(SOURCES, value)) {
    await ask('/boot', { source: SOURCES[value] ?? null });
  } else if (verb === 'set' && action !== undefined) await ask('/power', { action });
  else throw new Error(`unknown: ${args.join(' ')}`);
  return '';
};

const shown = (status: JsonValue, subject: string | undefined): string => {
  if (!isJsonObject(status)) throw new Error('the lab answered something else than a machine');
  if (subject === 'power') return `power:${status['power'] === 'on' ? 1 : 0}\n`;
  const source = status['boot_override'];
  const device = Object.entries(SOURCES).find(([, each]) => each !== null && each === source);
  return `boot:${device?.[0] ?? 'default'}\n`;
};

const [socket = '', machine = '', ...args] = process.argv.slice(2);

run(socket, machine, args).then(
  (text) => process.stdout.write(text),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
