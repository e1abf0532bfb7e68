import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';

import { checkImageHost, checkImageSource, type ImageRules } from './image-source.ts';

const RULES: ImageRules = { allowedNetworks: [], fileDirectories: ['/srv/images'] };
const SHA256 = 'ab'.repeat(32);
const SHA512 = 'cd'.repeat(64);
const GOOD = {
  image_source: 'https://images.example.org/debian.raw.zst',
  image_os_hash_algo: 'sha256',
  image_os_hash_value: SHA256,
};

const refusalOf = (info: object, rules = RULES): string => {
  try {
    checkImageSource({ ...GOOD, ...info }, rules);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    assert.equal(error.status, 400);
    return error.message;
  }
  return 'accepted';
};

test('an address, its format and its checksum make a request', () => {
  assert.deepEqual(checkImageSource(GOOD, RULES), {
    source: { kind: 'url', url: new URL(GOOD.image_source) },
    name: 'debian.raw.zst',
    format: 'raw',
    algorithm: 'sha256',
    digest: SHA256,
  });
  const local = {
    image_source: 'file:///srv/images/a%2Bb.qcow2',
    image_disk_format: 'qcow2',
    image_checksum: SHA512.toUpperCase(),
  };
  assert.deepEqual(checkImageSource(local, RULES), {
    source: { kind: 'file', path: '/srv/images/a+b.qcow2' },
    name: 'a+b.qcow2',
    format: 'qcow2',
    algorithm: 'sha512',
    digest: SHA512,
  });
});

test('addresses that lead into our own network are refused before anything is asked', () => {
  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '[::1]',
    '[0:0::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '10.0.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.100.100.200',
    '169.254.169.254',
    '[::ffff:169.254.169.254]',
    '[fe80::1]',
    '[::7f00:1]',
    '[::127.0.0.1]',
    '[fd00::1]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:7f00:1::]',
    '0.0.0.0',
    '0',
    '[::]',
    '224.0.0.1',
    '255.255.255.255',
    '[ff02::1]',
  ]) {
    const text = refusalOf({ image_source: `http://${host}/a.raw` });
    assert.match(text, /names an address that/, host);
  }
});

test('private addresses pass where the operator listed them, link-local ones never', () => {
  const rules = {
    ...RULES,
    allowedNetworks: ['10.99.0.0/24', '127.0.0.1', '169.254.0.0/16', '::1'],
  };
  for (const host of ['10.99.0.1', '127.0.0.1', '[::1]', '[::ffff:10.99.0.7]', '93.184.216.34']) {
    assert.equal(refusalOf({ image_source: `http://${host}/a.raw` }, rules), 'accepted', host);
  }
  for (const host of ['10.99.1.1', '127.0.0.2', '169.254.169.254']) {
    assert.match(refusalOf({ image_source: `http://${host}/a.raw` }, rules), /address/, host);
  }
});

test('addresses that parsers read differently are refused', () => {
  for (const source of [
    'ftp://a.example/x.raw',
    'a.example/x.raw',
    'HTTPS:a.example/x.raw',
    'https:/a.example/x.raw',
    'https://user@a.example/x.raw',
    'https://user:pass@a.example/x.raw',
    'https://a.example\\@b.example/x.raw',
    'https://a.example/x.raw#b',
    'https://a.example/x y.raw',
    'https://a.example/x\ny.raw',
    'https://ä.example/x.raw',
    'https://a.example/%zz.raw',
    'https://a.example/',
    'https://a.example/..',
    `https://a.example/${'x'.repeat(3000)}.raw`,
    'https://a.example:99999/x.raw',
    '',
    '5f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f10',
  ]) {
    assert.match(refusalOf({ image_source: source }), /image_source/, source);
  }
});

test('a local image must be a plain absolute path, and only where the operator allows any', () => {
  for (const source of [
    'file://srv/images/a.raw',
    'file:///srv/images/../../etc/passwd',
    'file:///srv/images/%2e%2e/%2e%2e/etc/passwd',
    'file:///srv//images/a.raw',
    'file:///srv/images/a.raw%00.txt',
    'file:///srv/images/a.raw?x',
    'file://localhost/srv/images/a.raw',
  ]) {
    assert.match(refusalOf({ image_source: source }), /plain absolute path/, source);
  }
  const text = refusalOf(
    { image_source: 'file:///srv/images/a.raw' },
    { ...RULES, fileDirectories: [] },
  );
  assert.match(text, /file_directories lists no directory/);
});

test('an image without a checksum that proves something is refused', () => {
  const none = { image_os_hash_algo: null, image_os_hash_value: null };
  const cases: readonly (readonly [RegExp, object])[] = [
    [/unless it can be verified/, none],
    [/md5 proves nothing/, { ...none, image_checksum: 'ab'.repeat(16) }],
    [/md5 proves nothing/, { image_os_hash_algo: 'md5' }],
    [/not the address of one/, { ...none, image_checksum: 'https://a.example/SHA256SUMS' }],
    [/no hexadecimal checksum/, { image_os_hash_algo: 'sha512' }],
    [
      /no hexadecimal checksum/,
      { image_os_hash_algo: 'sha1', image_os_hash_value: 'ab'.repeat(20) },
    ],
    [/no hexadecimal checksum/, { image_os_hash_value: 'xy'.repeat(32) }],
  ];
  for (const [text, info] of cases) assert.match(refusalOf(info), text);
});

test('formats other than raw and qcow2, and partition images, are refused', () => {
  assert.match(refusalOf({ image_disk_format: 'vmdk' }), /raw or qcow2/);
  assert.match(refusalOf({ image_type: 'partition' }), /whole-disk/);
});

test('a name is refused when any of its addresses is', async () => {
  const url = new URL('https://images.example.org/a.raw');
  const hasAddresses = (...addresses: string[]) =>
    checkImageHost(url, RULES, async () => addresses);

  await hasAddresses('93.184.216.34', '2606:2800:220:1::1');
  await assert.rejects(hasAddresses('93.184.216.34', '10.0.0.1'), (error) => {
    return error instanceof Failure && error.code === 'image.url-denied';
  });
  await assert.rejects(hasAddresses('fe80::1%eth0'), /images are never fetched from/);
});
