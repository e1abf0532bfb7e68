import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const MODULE = new URL('../src/serve/close-object-prototype.ts', import.meta.url).href;

const PROGRAM = `
  import { closeObjectPrototype } from ${JSON.stringify(MODULE)};
  closeObjectPrototype();
  const seen = [];
  try { JSON.parse('{"__proto__":1}').__proto__; Object.prototype.polluted = 1; } catch { seen.push('refused'); }
  try { ({}).__proto__.polluted = 1; } catch { seen.push('refused'); }
  ({}).constructor = 'still allowed on an object of its own';
  seen.push(String({}.polluted));
  process.stdout.write(seen.join());
`;

test('T-56: what slips through every check cannot be added to what all objects share', () => {
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    encoding: 'utf8',
  });

  assert.equal(text, 'refused,refused,undefined');
});
