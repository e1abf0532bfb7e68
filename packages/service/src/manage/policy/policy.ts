// `bessemer policy check|explain|matrix`: who may do what, and why, without asking a service.

import { parseArgs } from 'node:util';

import { type Command, DATA_OPTIONS, UsageInvalid } from '../command.ts';
import { checkFile } from './check-file.ts';
import { explainAnswer } from './explain-answer.ts';
import { printMatrix } from './print-matrix.ts';

export const POLICY_USAGE = `usage: bessemer policy check FILE [--json]
       bessemer policy explain --rule R (--user U | --roles A,B [--project P] [--system]) [--node N] [--json]
       bessemer policy matrix [--rule R] [--json]

check    reads a policy file as the service would and tells what is wrong with it. Exit code 0: it can be used,
         perhaps with warnings; 1: a service would refuse it.
explain  says whether a caller may, and which part of the rule decided. Exit code 0: allowed; 1: refused.
matrix   shows which kinds of callers each rule lets through: a admin, g manager, m member, r reader, s service; of the
         older roles, a baremetal_admin and o baremetal_observer. Rules marked * are of the policy files.

  --user U                   user of the users file of the service at --data
  --roles A,B                roles of a caller instead; admin, manager and member bring the lower ones along
  --project P, --system      scope of that caller
  --node N                   UUID or name of a node of the service at --data
  --target KEY=VALUE         what an object brings instead, such as node.owner=P; may be repeated
  --file FILE                a policy file instead of the one of the service
  --data DIR                 data directory of the service; without it and --config the defaults count
  --config FILE, --set section.key=value
                             as for "bessemer serve"
`;

const POLICY_OPTIONS = {
  ...DATA_OPTIONS,
  file: { type: 'string' },
  rule: { type: 'string' },
  user: { type: 'string' },
  roles: { type: 'string' },
  project: { type: 'string' },
  system: { type: 'boolean', default: false },
  node: { type: 'string' },
  target: { type: 'string', multiple: true, default: [] as string[] },
  json: { type: 'boolean', default: false },
} as const;

export const policy: Command = async (args, print) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: POLICY_OPTIONS,
  });
  const [action, file, ...rest] = positionals;
  if (rest.length > 0 || (action !== 'check' && file !== undefined)) {
    throw new UsageInvalid('too many words');
  }
  switch (action) {
    case 'check':
      return checkFile({ ...values, file }, print);
    case 'explain':
      return explainAnswer(values, print);
    case 'matrix':
      return printMatrix(values, print);
    default:
      throw new UsageInvalid('expected "check", "explain" or "matrix"');
  }
};
