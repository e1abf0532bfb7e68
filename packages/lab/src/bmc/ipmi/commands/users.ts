// The users table: names, passwords, access.

import { isSame } from '../suites.ts';
import { PASSWORD_BYTES, USER_SLOTS, type IpmiBmc, type IpmiUser } from '../bmc-memory.ts';
import { CODE, completed, type CommandCall, type CommandTable, type Outcome } from './command.ts';
import { isLanChannel } from './session.ts';

const NAME_BYTES = 16;
const ANONYMOUS = 1;
const TEST = { different: 0x80, otherSize: 0x81 } as const;

const withUser = (
  { bmc }: CommandCall,
  idByte: number,
  work: (user: IpmiUser, id: number) => Outcome,
): Outcome => {
  const id = idByte & 0x3f;
  const user = bmc.users.get(id);
  const isBeyond = id > userCount(bmc);
  return user === undefined || isBeyond ? { code: CODE.outOfRange } : work(user, id);
};

const userCount = (bmc: IpmiBmc): number => bmc.faults.get('user-count') ?? USER_SLOTS;

const fixedCount = (bmc: IpmiBmc): number => bmc.faults.get('fixed-names') ?? ANONYMOUS;

const enabledBits = (bmc: IpmiBmc, user: IpmiUser): number =>
  bmc.faults.has('hidden-enabled') ? 0x00 : user.isEnabled ? 0x40 : 0x80;

const enabledCount = (bmc: IpmiBmc): number =>
  [...bmc.users.values()].filter(({ isEnabled }) => isEnabled).length;

export const userCommands: CommandTable = {
  '06.43': {
    privilege: 4,
    bytesMin: 3,
    run: (call) =>
      withUser(call, call.data.readUInt8(1), (user) => {
        const flags = call.data.readUInt8(0);
        if (!isLanChannel(flags)) return { code: CODE.invalidField };
        if ((flags & 0x80) !== 0) user.accessFlags = flags & 0x70;
        user.privilege = call.data.readUInt8(2) & 0x0f;
        call.bmc.saveUsers();
        return completed();
      }),
  },
  '06.44': {
    privilege: 3,
    bytesMin: 2,
    run: (call) =>
      withUser(call, call.data.readUInt8(1), (user) =>
        isLanChannel(call.data.readUInt8(0))
          ? completed(
              userCount(call.bmc),
              enabledBits(call.bmc, user) | enabledCount(call.bmc),
              fixedCount(call.bmc),
              user.accessFlags | user.privilege,
            )
          : { code: CODE.invalidField },
      ),
  },
  '06.45': {
    privilege: 4,
    bytesMin: 1 + NAME_BYTES,
    run: (call) =>
      withUser(call, call.data.readUInt8(0), (user, id) => {
        if (id <= fixedCount(call.bmc)) return { code: CODE.invalidField };
        const field = call.data.subarray(1, 1 + NAME_BYTES);
        user.name = field.toString('latin1').replace(/\0.*$/s, '');
        call.bmc.saveUsers();
        return completed();
      }),
  },
  '06.46': {
    privilege: 3,
    bytesMin: 1,
    run: (call) =>
      withUser(call, call.data.readUInt8(0), ({ name }) => {
        const field = Buffer.alloc(NAME_BYTES);
        field.write(name, 'latin1');
        return { code: 0, data: field };
      }),
  },
  '06.47': {
    privilege: 4,
    bytesMin: 2,
    run: (call) => withUser(call, call.data.readUInt8(0), (user) => password(call, user)),
  },
};

const password = ({ bmc, data }: CommandCall, user: IpmiUser): Outcome => {
  const operation = data.readUInt8(1) & 0x03;
  if (operation < 2) {
    user.isEnabled = operation === 1;
    bmc.saveUsers();
    return completed();
  }
  const sizeBytes = (data.readUInt8(0) & 0x80) === 0 ? 16 : 20;
  if (data.length < 2 + sizeBytes) return { code: CODE.tooShort };
  const given = Buffer.alloc(PASSWORD_BYTES);
  data.copy(given, 0, 2, 2 + sizeBytes);
  return operation === 2
    ? setPassword(bmc, user, given, sizeBytes)
    : testPassword(bmc, user, given, sizeBytes);
};

const setPassword = (bmc: IpmiBmc, user: IpmiUser, given: Buffer, sizeBytes: 16 | 20): Outcome => {
  if (bmc.faults.has('refuse-passwords')) return { code: CODE.invalidField };
  if (bmc.faults.has('ignore-passwords')) return completed();
  const keptBytes = Math.min(bmc.faults.get('cut-passwords') ?? PASSWORD_BYTES, PASSWORD_BYTES);
  const keep = (): void => {
    user.password = Buffer.concat([
      given.subarray(0, keptBytes),
      Buffer.alloc(PASSWORD_BYTES - keptBytes),
    ]);
    user.passwordBytes = keptBytes <= 16 ? 16 : sizeBytes;
    user.wrongPasswordCount = 0;
    user.lockedUntilMs = 0;
    bmc.saveUsers();
  };
  const lateMs = bmc.faults.get('late-passwords');
  if (lateMs === undefined) keep();
  else bmc.clock.after(lateMs, keep);
  return completed();
};

const testPassword = (bmc: IpmiBmc, user: IpmiUser, given: Buffer, sizeBytes: 16 | 20): Outcome => {
  if (bmc.faults.has('lying-test')) return completed();
  if (user.passwordBytes !== sizeBytes) return { code: TEST.otherSize };
  return isSame(user.password, given) ? completed() : { code: TEST.different };
};
