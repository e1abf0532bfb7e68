// From checks to functions. What can be known before a request is worked out here: constants, lower case, references.

import type { Credentials } from '../credentials.ts';
import { type Asker, targetValue } from './asker.ts';
import type { Check } from './check.ts';
import { pythonText } from './python-text.ts';
import { constantOf, fillTemplate, onlyKeyOf, type Template } from './template.ts';

export type SyncTest = (asker: Asker) => boolean;
export type AsyncTest = (asker: Asker) => Promise<boolean>;

/** Asynchronous only where an HTTP service is asked, so that all other rules are plain calls. */
export type Compiled =
  | { readonly isAsync: false; readonly test: SyncTest }
  | { readonly isAsync: true; readonly test: AsyncTest };

export type CompileParts = {
  readonly resolve: (ruleName: string) => Compiled;
  readonly askHttp: (url: string, asker: Asker) => Promise<boolean>;
};

const sync = (test: SyncTest): Compiled => ({ isAsync: false, test });
const ALWAYS = sync(() => true);
const NEVER = sync(() => false);

export const compileCheck = (check: Check, parts: CompileParts): Compiled => {
  switch (check.kind) {
    case 'always':
      return ALWAYS;
    case 'never':
      return NEVER;
    case 'not':
      return negated(compileCheck(check.check, parts));
    case 'and':
    case 'or':
      return joined(
        check.kind === 'or',
        check.checks.map((each) => compileCheck(each, parts)),
      );
    case 'rule':
      return parts.resolve(check.name);
    case 'role':
      return sync(roleTest(check.match));
    case 'literal': {
      const { text } = check;
      const value = valueOf(check.match);
      return sync((asker) => value(asker) === text);
    }
    case 'credential':
      return sync(credentialTest(check.path, check.match));
    case 'http': {
      const template = check.url;
      return {
        isAsync: true,
        test: async (asker) => {
          const url = urlFrom(template, asker);
          return url !== undefined && parts.askHttp(url, asker);
        },
      };
    }
  }
};

const negated = ({ isAsync, test }: Compiled): Compiled =>
  isAsync
    ? { isAsync: true, test: async (asker) => !(await test(asker)) }
    : sync((asker) => !test(asker));

/** Stops at the first part that is `decisive`. */
const joined = (decisive: boolean, all: readonly Compiled[]): Compiled => {
  const tests = all.flatMap((each) => (each.isAsync ? [] : [each.test]));
  if (tests.length === all.length) {
    return sync((asker) => {
      for (const test of tests) if (test(asker) === decisive) return decisive;
      return !decisive;
    });
  }
  return {
    isAsync: true,
    test: async (asker) => {
      for (const { test } of all) if ((await test(asker)) === decisive) return decisive;
      return !decisive;
    },
  };
};

/** Values are escaped: none of them may lead to another place than the rule names. */
export const urlFrom = (template: Template, asker: Asker): string | undefined =>
  fillTemplate(template, (key) => {
    const value = targetValue(asker, key);
    return value === undefined ? undefined : encodeURIComponent(value);
  });

const valueOf = (template: Template): ((asker: Asker) => string | undefined) => {
  const constant = constantOf(template);
  if (constant !== undefined) return () => constant;
  const key = onlyKeyOf(template);
  if (key !== undefined) return (asker) => targetValue(asker, key);
  return (asker) => fillTemplate(template, (each) => targetValue(asker, each));
};

const roleTest = (match: Template): SyncTest => {
  const constant = constantOf(match)?.toLowerCase();
  if (constant !== undefined) return ({ credentials }) => credentials.roles.includes(constant);
  const value = valueOf(match);
  return (asker) => {
    const role = value(asker)?.toLowerCase();
    return role !== undefined && asker.credentials.roles.includes(role);
  };
};

const credentialTest = (path: readonly string[], match: Template): SyncTest => {
  const constant = constantOf(match);
  const [name = '', ...rest] = path;
  if (constant !== undefined) {
    return ({ credentials }) => isAt(ownValue(credentials, name), rest, constant);
  }
  const value = valueOf(match);
  return (asker) => {
    const found = ownValue(asker.credentials, name);
    // A caller without a project is not the owner of something whose owner is called "None".
    if (found === null || found === undefined) return false;
    const text = value(asker);
    return text !== undefined && isAt(found, rest, text);
  };
};

const ownValue = (credentials: Credentials, name: string): unknown =>
  Object.hasOwn(credentials, name) ? credentials[name as keyof Credentials] : undefined;

/** Whether `value`, followed along `path`, is written as `text`. Of a list any element may be. */
export const isAt = (value: unknown, path: readonly string[], text: string): boolean => {
  if (value === undefined) return false;
  if (Array.isArray(value)) return value.some((each) => isAt(each, path, text));
  const [name, ...rest] = path;
  if (name === undefined)
    return typeof value === 'string' ? value === text : pythonText(value) === text;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false;
  return isAt((value as { readonly [key: string]: unknown })[name], rest, text);
};
