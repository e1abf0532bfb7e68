// Debian's ipmi_sim (OpenIPMI) as a BMC on loopback, with a machine that is a file with 0 or 1 in it.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '#clock';
import { pingBmc } from '#drivers/ipmi/client';
import { openUdpTransport, systemRandom } from '#drivers/ipmi/udp-transport';

export type IpmiSim = {
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly close: () => Promise<void>;
};

const USERNAME = 'admin';
const PASSWORD = 'factory-password';
/** Its start takes half a second; the rest is for a busy host. */
const START_WAITS_MS: readonly number[] = Array.from({ length: 100 }, () => 100);

export const startIpmiSim = async (): Promise<IpmiSim> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-ipmi-sim-'));
  const port = await freeUdpPort();
  await mkdir(join(directory, 'state'));
  await writeFile(join(directory, 'lan.conf'), lanConf(directory, port));
  await writeFile(join(directory, 'sim.emu'), EMULATION);
  await writeFile(join(directory, 'chassis'), chassisProgram(directory));
  await chmod(join(directory, 'chassis'), 0o755);

  const child = spawn(
    'ipmi_sim',
    ['-c', 'lan.conf', '-f', 'sim.emu', '-s', join(directory, 'state'), '-n'],
    { cwd: directory, stdio: 'ignore' },
  );
  await once(child, 'spawn');
  const ended = once(child, 'exit');
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const transport = await openUdpTransport('127.0.0.1', port);
  try {
    await pingBmc({
      transport,
      clock: systemClock,
      random: systemRandom,
      waitsMs: START_WAITS_MS,
    });
  } catch (error) {
    await close();
    throw error;
  } finally {
    transport.close();
  }
  return { port, username: USERNAME, password: PASSWORD, close };
};

const freeUdpPort = async (): Promise<number> => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
};

const lanConf = (directory: string, port: number): string => `name "node"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${directory}/chassis"
  user 1 false "" "" user 10 none
  user 2 true "${USERNAME}" "${PASSWORD}" admin 10 none md2 md5 straight
`;

const EMULATION = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;

const chassisProgram = (directory: string): string => `#!/bin/sh
case "$1 $2" in
  'get power') echo "power:$(cat ${directory}/power 2>/dev/null || echo 0)" ;;
  'get boot') echo "boot:$(cat ${directory}/boot 2>/dev/null || echo none)" ;;
  'set power') echo "$3" > ${directory}/power ;;
  'set boot') echo "$3" > ${directory}/boot ;;
esac
`;
