// Makes what each test with a Keystone copies, so that those that begin together do not make it side by side.

import { findTemplate } from './start-keystone.ts';

process.stdout.write(`${await findTemplate()}\n`);
