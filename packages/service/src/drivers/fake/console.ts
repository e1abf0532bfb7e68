// The console of a fake machine: an address that leads nowhere.

import type { ConsoleInterface } from '../hardware-interfaces.ts';
import type { FakeParts } from './fake-parts.ts';

export const fakeConsole = ({ toil, validate }: FakeParts): ConsoleInterface => ({
  validate,
  start: (node) => toil(node, 'management'),
  stop: (node) => toil(node, 'management'),
  // A name that nobody can own: whoever follows it meets nobody.
  fetch: async (node) => ({ type: 'fake', url: `https://console.invalid/${node.uuid}` }),
});
