// Configuration of Debian's ipmi_sim (OpenIPMI) as the BMC of one emulated machine.

import type { MachineFacts } from '../power-model.ts';

export type SimConfig = {
  readonly facts: Pick<MachineFacts, 'name' | 'uuid'>;
  readonly host: string;
  /** UDP, for consoles. */
  readonly port: number;
  /** TCP on loopback, for the machine's own system interface. */
  readonly systemPort: number;
  /** Asked for power and boot order: see chassis-control.ts. A path without blanks. */
  readonly chassisProgram: string;
  readonly username: string;
  readonly password: string;
};

export const SIM_CHANNEL = 1;
/** The number of the administrator's place; 1 is that of the anonymous user, who is disabled. */
const ADMINISTRATOR = 2;

export const simConfig = (sim: SimConfig): string => `name "${sim.facts.name}"
set_working_mc 0x20
  startlan ${SIM_CHANNEL}
    addr ${sim.host} ${sim.port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid ${sim.facts.uuid.replaceAll('-', '')}
  endlan
  chassis_control "${sim.chassisProgram}"
  serial 15 127.0.0.1 ${sim.systemPort} codec VM
  user 1 false "" "" user 10 none
  user ${ADMINISTRATOR} true "${sim.username}" "${sim.password}" admin 10 none md2 md5 straight
`;

/** The commands without which ipmi_sim simulates no BMC at all. */
export const SIM_EMULATION = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;
