// `-f yaml`: what the service said, for people and programs.

import { stringify } from 'yaml';

/** Long texts stay on one line: folding would change what a search finds. */
export const renderYaml = (value: unknown): string => stringify(value, { lineWidth: 0 }).trimEnd();
