// The BMC from inside of its machine, by the code of the agent. The agent itself, which outlives the conductor, is left
// out: it keeps nothing of what it is told.

import type { InBandDoor } from '#conductor/bmc-credential/in-band/in-band';

import { systemClock } from '../../../agent/src/clock.ts';
import { networkChannels } from '../../../agent/src/hardware/ipmi/channels.ts';
import { makeSimulatedInterface } from '../../../agent/src/hardware/ipmi/simulated-interface.ts';
import { setUser } from '../../../agent/src/hardware/ipmi/users.ts';

const notAsked = async (): Promise<never> => {
  throw new Error('a rotation from inside does not ask for that');
};

export const openWireInBand = (port: number): InBandDoor => {
  const bmc = makeSimulatedInterface({ host: '127.0.0.1', port, clock: systemClock });
  return {
    findObstacle: async () => undefined,
    set: async (_node, { id, credential: { username, password } }) => {
      const [first, ...more] = await networkChannels(bmc);
      if (first === undefined) throw new Error('the BMC has no channel to a network');
      const user = await setUser(bmc, {
        slotUserId: id === null ? undefined : Number(id),
        username,
        password: Buffer.from(password.reveal(), 'latin1'),
        privilege: 'administrator',
        channels: [first, ...more],
      });
      return String(user.user_id);
    },
    list: notAsked,
    disable: notAsked,
  };
};
