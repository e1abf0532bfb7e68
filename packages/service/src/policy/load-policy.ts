// Reads the files of the policy and makes the rules in force of them.

import { type Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { type AskHttp, refuseHttp } from './http-check.ts';
import { lintRules } from './lint-rules.ts';
import type { PolicyOptions } from './policy-options.ts';
import { isError, PolicyInvalid, type PolicyProblem } from './policy-problem.ts';
import type { Override } from './policy-text.ts';
import { makeRuleSet, type RuleSet } from './rule-set.ts';

/** A hundred times a file that overrides every rule; keeps a wrong file from being read into memory. */
const FILE_BYTES_MAX = 4 * 1_024 * 1_024;
const FILES_MAX = 1_000;
const FILE_NAME = /^[^.].*\.(?:ya?ml|json)$/;

export type LoadedPolicy = {
  readonly rules: RuleSet;
  /** Files that were read, in this order. */
  readonly paths: readonly string[];
  readonly warnings: readonly PolicyProblem[];
};

type Files = { readonly paths: readonly string[]; readonly problems: readonly PolicyProblem[] };

const statsOf = async (path: string): Promise<Stats | undefined> => {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
};

const cannotRead = (path: string, error: unknown): PolicyProblem => ({
  severity: 'error',
  path,
  text: `cannot be read: ${(error as Error).message}`,
});

/** The files that count now. */
const findFiles = async (options: PolicyOptions): Promise<Files> => {
  const main: string[] = [];
  for (const path of options.files) if ((await statsOf(path)) !== undefined) main.push(path);
  const problems: PolicyProblem[] = [];
  const [first = options.files[0] ?? '', second] = main;
  if (second !== undefined) {
    problems.push({ severity: 'error', path: first, text: `${second} exists too; keep one` });
  }
  if (options.isFileNeeded && main.length === 0) {
    problems.push({ severity: 'error', path: first, text: 'does not exist' });
  }
  const more: string[] = [];
  for (const directory of options.directories) {
    if ((await statsOf(directory)) === undefined) continue;
    const names = await readdir(directory);
    more.push(
      ...names
        .filter((name) => FILE_NAME.test(name))
        .sort()
        .map((name) => join(directory, name)),
    );
  }
  if (more.length > FILES_MAX) {
    problems.push({ severity: 'error', path: first, text: `more than ${FILES_MAX} files` });
  }
  return { paths: [...main, ...more], problems };
};

const readText = async (path: string): Promise<string> => {
  const facts = await stat(path);
  if (!facts.isFile()) throw new Error('it is not a file');
  if (facts.size > FILE_BYTES_MAX) throw new Error('it is larger than 4 MiB');
  return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
};

export type ReadPolicy = {
  readonly overrides: ReadonlyMap<string, Override>;
  readonly paths: readonly string[];
  readonly problems: readonly PolicyProblem[];
};

/** What the files say, with everything that is wrong with them. */
export const readPolicy = async (options: PolicyOptions): Promise<ReadPolicy> => {
  const overrides = new Map<string, Override>();
  let found: Files;
  try {
    found = await findFiles(options);
  } catch (error) {
    const problems = [cannotRead(options.files[0] ?? 'the policy', error)];
    return { overrides, paths: [], problems };
  }
  const problems = [...found.problems];
  for (const path of found.paths) {
    try {
      const text = await readText(path);
      // Loaded only when there is a file: a start without one should not pay for it.
      const { parsePolicyText } = await import('./policy-text.ts');
      const parsed = parsePolicyText(text, path);
      problems.push(...parsed.problems);
      for (const [name, override] of parsed.overrides) overrides.set(name, override);
    } catch (error) {
      problems.push(cannotRead(path, error));
    }
  }
  return { overrides, paths: found.paths, problems };
};

/** All problems, those of single files and those of the rules together. */
export const checkPolicy = (read: ReadPolicy, options: PolicyOptions): readonly PolicyProblem[] => {
  // The defaults alone are looked through by a test, and not again at every start.
  if (read.overrides.size === 0) return read.problems;
  const rules = makeRuleSet(read.overrides, options);
  return [...read.problems, ...lintRules(read.overrides, rules, options)];
};

/** Throws PolicyInvalid. */
export const loadPolicy = async (
  options: PolicyOptions,
  askHttp: AskHttp = refuseHttp,
): Promise<LoadedPolicy> => {
  const read = await readPolicy(options);
  const problems = checkPolicy(read, options);
  if (problems.some(isError)) throw new PolicyInvalid(problems);
  return {
    rules: makeRuleSet(read.overrides, options, askHttp),
    paths: read.paths,
    warnings: problems,
  };
};
