import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { openAuthority } from '#trust/certificate/authority';
import {
  issueAgentCertificate,
  issueServerCertificate,
} from '#trust/certificate/issue-certificate';
import { openKeyRing } from '#trust/key-ring';

const NOW_MS = 1_800_000_000_000;

const inDirectory = async (work: (directory: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-trust-'));
  try {
    await work(join(directory, 'data'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test('keys are made once, readable by the service only, and open what they sealed after a restart', () =>
  inDirectory(async (directory) => {
    const sealed = (await openKeyRing(directory)).seal(Buffer.from('value'), 'context');

    const again = await openKeyRing(directory);

    assert.equal(again.open(sealed, 'context').toString(), 'value');
    assert.equal(await modeOf(directory), 0o700);
    assert.equal(await modeOf(join(directory, 'kek-0001')), 0o400);
  }));

test('a key file of another size stops the start instead of weakening it', () =>
  inDirectory(async (directory) => {
    await openKeyRing(directory);
    await writeFile(join(directory, 'kek-0002'), 'short');

    await assert.rejects(openKeyRing(directory), /kek-0002 is not a key of 32 bytes/);
  }));

test('the authority is made once, and its key is readable by the service only', () =>
  inDirectory(async (directory) => {
    const first = await openAuthority(directory, NOW_MS);
    const second = await openAuthority(directory, NOW_MS);

    assert.equal(second.certificatePem, first.certificatePem);
    assert.equal(second.keyPem.reveal(), first.keyPem.reveal());
    assert.equal(await modeOf(join(directory, 'ca.key')), 0o400);
  }));

test('issued certificates are of the authority, for their hosts and nobody else', () =>
  inDirectory(async (directory) => {
    const authority = await openAuthority(directory, NOW_MS);
    const issuer = new X509Certificate(authority.certificatePem);
    const server = await issueServerCertificate(authority, {
      hosts: ['10.99.0.1', 'a.example'],
      nowMs: NOW_MS,
    });
    const agent = await issueAgentCertificate(authority, {
      commonName: 'node 1',
      addresses: ['10.99.0.51'],
      nowMs: NOW_MS,
    });

    for (const { certificatePem } of [server, agent]) {
      const certificate = new X509Certificate(certificatePem);
      assert.ok(certificate.verify(issuer.publicKey));
      assert.ok(certificate.checkIssued(issuer));
      assert.equal(certificate.ca, false);
    }
    const certificate = new X509Certificate(server.certificatePem);
    assert.equal(certificate.checkIP('10.99.0.1'), '10.99.0.1');
    assert.equal(certificate.checkHost('a.example'), 'a.example');
    assert.equal(certificate.checkIP('10.99.0.2'), undefined);
    assert.equal(new X509Certificate(agent.certificatePem).checkIP('10.99.0.1'), undefined);
  }));
