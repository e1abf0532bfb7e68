import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { altered, mediumUrl, partOf, withPart } from '../stage/boot-files.ts';
import { askFor, sessionEnds } from '../stage/nodes.ts';
import { statusOf } from '../stage/wire.ts';

const REFUSED = new Set(['403', '404', '410']);

export const alteredAndExpiredUrl: Drill = {
  name: 'altered-and-expired-url',
  threats: ['T-32', 'T-36', 'T-74'],
  attempt:
    'the address of a boot medium with another signature, time, id or name; from another host; and after the boot is over',
  expected:
    '403, 404 or 410 for each and not one byte of the medium; boot.denied; the true BMC still gets it',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const machine = await stage.played();
    const url = await mediumUrl(machine.machine);
    const mark = await auditEnd(product);
    const fetchAs = (address: string, from?: string): Promise<string> =>
      statusOf(address, {
        ca: product.ca,
        method: 'HEAD',
        ...(from === undefined ? {} : { from }),
      });
    const later = String(Number(partOf(url, 1)) + 86_400);
    const attempts: readonly (readonly [string, string])[] = [
      ['another signature', withPart(url, 2, altered(partOf(url, 2)))],
      ['a shorter signature', withPart(url, 2, partOf(url, 2).slice(1))],
      ['a later time', withPart(url, 1, later)],
      ['a time that is none', withPart(url, 1, 'never')],
      ['another id', withPart(url, 3, '0d9fdc0b-67a8-4c51-8d76-8f5a5b8c7a11')],
      ['another name', withPart(url, 0, 'config.cpio')],
    ];
    for (const [what, address] of attempts) {
      const status = await fetchAs(address);
      findings.saw(`${what}: ${status}`);
      findings.check(REFUSED.has(status), `${what} was answered ${status}`);
    }
    const source = stage.stranger();
    const foreign = await fetchAs(url, source);
    findings.saw(`another host: ${foreign}`);
    findings.check(foreign === '403', `another host was answered ${foreign}`);
    await expectEvent(product, findings, mark, {
      event: 'boot.denied',
      node: machine.uuid,
      source,
      reason: 'source',
    });
    await expectEvent(product, findings, mark, { event: 'boot.denied', reason: 'signature' });
    const own = await fetchAs(url);
    findings.check(own === '200', `the BMC itself was answered ${own}`);
    await askFor(product, machine.uuid, 'abort');
    findings.check(await sessionEnds(product, machine.uuid), 'the boot does not end');
    const late = await fetchAs(url);
    findings.saw(`after the boot: ${late}`);
    findings.check(late === '410', `after the boot the BMC was answered ${late}`);
    return findings.finding();
  },
};
