// `bessemer policy check FILE`: everything that is wrong with a policy file, at once.

import { checkPolicy, readPolicy } from '#policy/load-policy';
import { isError, problemText } from '#policy/policy-problem';

import { type Print, UsageInvalid } from '../command.ts';
import { type PolicyValues, readOptions } from './rules-in-force.ts';

export const checkFile = async (
  values: PolicyValues & { readonly json: boolean },
  print: Print,
): Promise<number> => {
  const { file } = values;
  if (file === undefined) throw new UsageInvalid('expected the path of a policy file');
  const { options } = await readOptions(values);
  const read = await readPolicy(options);
  const problems = checkPolicy(read, options);
  const errors = problems.filter(isError).length;
  if (values.json) {
    print(JSON.stringify({ rules: [...read.overrides.keys()], problems }, null, 2));
    return errors === 0 ? 0 : 1;
  }
  for (const each of problems) print(`${each.severity}: ${problemText(each)}`);
  const warnings = problems.length - errors;
  const found = `${read.overrides.size} rules, ${errors} errors, ${warnings} warnings`;
  print(errors === 0 ? `${file} can be used: ${found}` : `${file} cannot be used: ${found}`);
  return errors === 0 ? 0 : 1;
};
