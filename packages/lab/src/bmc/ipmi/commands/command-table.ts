// All commands that the BMC knows, and the checks that come before any of them.

import { chassisCommands } from './chassis.ts';
import { CODE, type CommandCall, type CommandTable, type Outcome } from './command.ts';
import { identityCommands } from './identity.ts';
import { lanCommands } from './lan.ts';
import { sessionCommands } from './session.ts';
import { userCommands } from './users.ts';

const ADMINISTRATOR = 4;

const TABLE: CommandTable = {
  ...identityCommands,
  ...sessionCommands,
  ...userCommands,
  ...chassisCommands,
  ...lanCommands,
};

export const runCommand = (
  netFn: number,
  command: number,
  call: CommandCall,
): Outcome | Promise<Outcome> => {
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  const found = TABLE[`${hex(netFn)}.${hex(command)}`];
  if (found === undefined) return { code: CODE.unknownCommand };
  const privilege = call.isInside === true ? ADMINISTRATOR : (call.session?.privilege ?? 0);
  if (privilege < found.privilege) return { code: CODE.privilege };
  if (call.data.length < (found.bytesMin ?? 0)) return { code: CODE.tooShort };
  return found.run(call);
};
