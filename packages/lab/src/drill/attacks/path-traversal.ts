import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { HOSTILE_PATHS } from '../corpus/paths.ts';
import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';

/** What no answer may hold. */
const LOOT = /root:x:0|PRIVATE KEY|PATH=/;
const ANSWER_MS_MAX = 10_000;

/** Over a bare socket: any client library would tidy the path up, or refuse it. */
const rawAnswer = (base: string, target: string, from: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { protocol, hostname, port } = new URL(base);
    const where = {
      host: hostname,
      port: Number(port),
      ...(from === '' ? {} : { localAddress: from }),
    };
    const socket =
      protocol === 'https:' ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where);
    let text = '';
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy(new Error('no answer in time')));
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text));
    socket.end(`GET ${target} HTTP/1.1\r\nHost: boot\r\nConnection: close\r\n\r\n`);
  });

export const pathTraversal: Drill = {
  name: 'path-traversal',
  threats: ['T-31'],
  attempt: `${HOSTILE_PATHS.length} paths that climb out, hide a slash or cut a name, at both listeners for boot files`,
  expected: '400, 403 or 404 for each and never a byte of another file; boot.bad_path',
  needs: 'a service',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const mark = await auditEnd(product);
    const source = stage.stranger();
    const statuses = new Map<string, number>();
    for (const base of [product.netbootUrl, product.bootUrl].filter((url) => url !== '')) {
      for (const target of HOSTILE_PATHS) {
        const answer = await rawAnswer(base, target, source);
        const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'closed';
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        const isRefused = ['400', '403', '404', 'closed'].includes(status);
        findings.check(isRefused, `${JSON.stringify(target)} was answered ${status}`);
        findings.check(!LOOT.test(answer), `${JSON.stringify(target)} gave away a file`);
      }
    }
    for (const [status, count] of statuses) findings.saw(`${status} for ${count}`);
    if (product.netbootUrl !== '') {
      await expectEvent(product, findings, mark, { event: 'boot.bad_path', source });
    }
    const { status } = await product.api('GET', '/v1/nodes');
    findings.check(status === 200, `afterwards the public API answers ${status}`);
    return findings.finding();
  },
};
