import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renderBootScript, renderEntryScript } from './ipxe-script.ts';

const urlOf = (name: string): string => `http://10.99.0.1:6388/netboot/id/sig/1/${name}`;

test('the script loads kernel, ramdisk and configuration, and tells the card it booted from', () => {
  const script = renderBootScript(['console=ttyS0', 'ipa-api-url=https://10.99.0.1:6386'], urlOf);

  assert.deepEqual(script.split('\n'), [
    '#!ipxe',
    'kernel http://10.99.0.1:6388/netboot/id/sig/1/kernel initrd=initramfs initrd=config.cpio ' +
      'BOOTIF=${netX/mac} console=ttyS0 ipa-api-url=https://10.99.0.1:6386',
    'initrd --name initramfs http://10.99.0.1:6388/netboot/id/sig/1/initramfs',
    'initrd --name config.cpio http://10.99.0.1:6388/netboot/id/sig/1/config.cpio',
    'boot',
    '',
  ]);
});

test('a ramdisk of unknown length comes after the configuration, which UEFI machines would miss behind it', () => {
  const script = renderBootScript([], urlOf, { isRamdiskAligned: false });

  assert.match(script, /initrd=config\.cpio initrd=initramfs BOOTIF/);
  assert.ok(script.indexOf('--name config.cpio') < script.indexOf('--name initramfs'));
});

test('T-34: a word that is more than a word never gets into a script, wherever it comes from', () => {
  for (const word of [
    'a\nchain http://10.0.0.66/',
    '${cwduri}',
    'a;b',
    'a b"',
    '||',
    'ipa-api-url=https://a\nboot',
    'ipa-agent-token=' + 'a'.repeat(43),
    'ipa-insecure=1',
    'initrd=evil',
  ]) {
    assert.throws(() => renderBootScript([word], urlOf), JSON.stringify(word));
  }
});

test('T-34: an address that is more than an address never gets into a script', () => {
  for (const url of ['http://a/${x}', 'http://a/b c', 'http://a/\nboot', 'ftp://a/b', 'x']) {
    assert.throws(() => renderBootScript([], () => url), JSON.stringify(url));
  }
});

test('the entry for foreign DHCP servers leads each card to its own boot', () => {
  assert.equal(
    renderEntryScript('http://10.99.0.1:6388'),
    '#!ipxe\nchain --replace --autofree http://10.99.0.1:6388/netboot/by-mac/${netX/mac:hexhyp} || exit\n',
  );
});
