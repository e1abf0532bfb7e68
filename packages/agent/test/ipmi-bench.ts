// Debian's ipmi_sim with both ways to it: the network, and the system interface of its machine.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { tryProgram } from '../src/run-program.ts';

export type IpmiBench = {
  /** Arguments by which ipmitool reaches it over the network. */
  readonly way: readonly string[];
  readonly inside: { readonly host: string; readonly port: number };
  readonly isLogin: (username: string, password: string) => Promise<boolean>;
  readonly close: () => Promise<void>;
};

const HOST = '127.0.0.1';
const FACTORY = { username: 'admin', password: 'factory-password' };
const EMULATION = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;
const START_TRIES_MAX = 200;

export const startIpmiBench = async (): Promise<IpmiBench> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-inside-'));
  const [network, inside] = [await freeDatagramPort(), await freeStreamPort()];
  await mkdir(join(directory, 'state'));
  await writeFile(join(directory, 'sim.emu'), EMULATION);
  await writeFile(
    join(directory, 'lan.conf'),
    `name "inside"
set_working_mc 0x20
  startlan 1
    addr ${HOST} ${network}
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  serial 15 ${HOST} ${inside} codec VM
  user 1 false "" "" user 10 none
  user 2 true "${FACTORY.username}" "${FACTORY.password}" admin 10 none md2 md5 straight
`,
  );
  const files = ['-c', 'lan.conf', '-f', 'sim.emu', '-s', join(directory, 'state'), '-n'];
  const sim = spawn('ipmi_sim', files, { cwd: directory, stdio: 'ignore' });
  const ended = once(sim, 'exit');
  await waitForPort(inside);

  const wayOf = async (username: string, password: string): Promise<readonly string[]> => {
    const file = join(directory, `password-${username}`);
    await writeFile(file, password, { mode: 0o600 });
    const place = ['-H', HOST, '-p', String(network), '-U', username, '-f', file];
    return ['-I', 'lanplus', '-C', '3', '-R', '1', '-N', '1', ...place];
  };
  return {
    way: await wayOf(FACTORY.username, FACTORY.password),
    inside: { host: HOST, port: inside },
    isLogin: async (username, password) => {
      const way = await wayOf(username, password);
      return (await tryProgram('ipmitool', [...way, 'chassis', 'status'])).status === 0;
    },
    close: async () => {
      sim.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const freeDatagramPort = async (): Promise<number> => {
  const socket = createSocket('udp4').bind(0, HOST);
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => {
    socket.close(() => resolve());
  });
  return port;
};

const freeStreamPort = async (): Promise<number> => {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
};

const waitForPort = async (port: number): Promise<void> => {
  for (let tries = 0; tries < START_TRIES_MAX; tries += 1) {
    const socket = connect({ host: HOST, port });
    const isOpen = await new Promise<boolean>((resolve) => {
      // It tells its version first, and dies of it when nobody is there any more.
      socket.once('data', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await pause(50);
  }
  throw new Error('ipmi_sim does not listen');
};
