import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { addressesIn, altered, partOf, scriptByMac, withPart } from '../stage/boot-files.ts';
import { askFor, sessionEnds } from '../stage/nodes.ts';
import { call, statusOf } from '../stage/wire.ts';

const REFUSED = new Set(['403', '404', '410']);

export const bootFileOfAnother: Drill = {
  name: 'boot-file-of-another',
  threats: ['T-32', 'T-37'],
  attempt:
    'a machine that boots over the network asks for the boot of another: by its MAC, by its signed addresses, altered; and for its own once the boot is over',
  expected:
    '403 or 404 for each, boot.denied; 410 or 404 after the boot; the owner of the files gets them all the time',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const [victim, other] = await Promise.all([stage.networked(), stage.networked()]);
    const byMac = scriptByMac(product.netbootUrl, victim.machine.mac);
    const own = victim.machine.address;
    const script = await call(byMac, { from: own });
    const files = addressesIn(script.text);
    findings.check(script.status === 200, `the owner was answered ${script.status}`);
    findings.check(files.length >= 3, `the script of the boot names ${files.length} files`);
    const mark = await auditEnd(product);
    const refused = async (what: string, address: string, from: string): Promise<void> => {
      const status = await statusOf(address, { from });
      findings.saw(`${what}: ${status}`);
      findings.check(REFUSED.has(status), `${what} was answered ${status}`);
    };
    const source = other.machine.address;
    await refused('its script', byMac, source);
    for (const file of files) {
      await refused(`its ${partOf(file, 0)}`, file, source);
      await refused('altered, by the owner', withPart(file, 2, altered(partOf(file, 2))), own);
      const later = String(Number(partOf(file, 1)) + 86_400);
      await refused('a later time, by the owner', withPart(file, 1, later), own);
    }
    await expectEvent(product, findings, mark, {
      event: 'boot.denied',
      node: victim.uuid,
      source,
      reason: 'source',
    });
    await expectEvent(product, findings, mark, {
      event: 'boot.denied',
      node: victim.uuid,
      source: own,
      reason: 'signature',
    });
    for (const file of files) {
      const status = await statusOf(file, { from: own });
      findings.check(status === '200', `the owner was answered ${status}`);
    }
    await askFor(product, victim.uuid, 'abort');
    findings.check(await sessionEnds(product, victim.uuid), 'the boot does not end');
    await refused('its own script, late', byMac, own);
    for (const file of files) await refused('its own files, late', file, own);
    return findings.finding();
  },
};
