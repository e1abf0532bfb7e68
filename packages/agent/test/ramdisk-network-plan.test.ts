import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planNetwork } from '../ramdisk/guest/network-plan.ts';

const CARDS = [{ name: 'eth0', mac: '52:54:00:12:34:56' }];
const LINKS = [{ id: 'l0', type: 'phy', ethernet_mac_address: '52:54:00:12:34:56' }];

test('a static address with a default route becomes commands of ip', () => {
  const network = {
    link: 'l0',
    type: 'ipv4',
    ip_address: '10.99.0.51',
    netmask: '255.255.255.0',
    routes: [{ network: '0.0.0.0', netmask: '0.0.0.0', gateway: '10.99.0.1' }],
  };
  const services = [{ type: 'dns', address: '10.99.0.1' }];

  const plan = planNetwork({ links: LINKS, networks: [network], services }, CARDS);

  assert.deepEqual(plan.commands, [
    ['link', 'set', 'dev', 'eth0', 'up'],
    ['addr', 'replace', '10.99.0.51/24', 'dev', 'eth0'],
    ['route', 'replace', 'default', 'via', '10.99.0.1', 'dev', 'eth0'],
  ]);
  assert.deepEqual(plan.nameServers, ['10.99.0.1']);
  assert.deepEqual(plan.complaints, []);
});

for (const [netmask, bits] of [
  ['255.255.255.255', 32],
  ['0.0.0.0', 0],
  ['255.255.240.0', 20],
  ['ffff:ffff:ffff:ffff::', 64],
] as const) {
  test(`the mask ${netmask} is ${bits} bits`, () => {
    const ip = netmask.includes(':') ? 'fd00::5' : '10.0.0.5';
    const networks = [{ link: 'l0', ip_address: ip, netmask }];

    const plan = planNetwork({ links: LINKS, networks }, CARDS);

    assert.deepEqual(plan.commands[1], ['addr', 'replace', `${ip}/${bits}`, 'dev', 'eth0']);
  });
}

test('a mask with a hole is refused and named', () => {
  const networks = [{ link: 'l0', ip_address: '10.0.0.5', netmask: '255.0.255.0', type: 'ipv4' }];

  const plan = planNetwork({ links: LINKS, networks }, CARDS);

  assert.equal(plan.commands.length, 1);
  assert.match(plan.complaints.join(), /without a usable address/u);
});

test('a link whose card is not in the machine is named, not guessed', () => {
  const links = [{ id: 'l0', ethernet_mac_address: '52:54:00:00:00:01' }];

  const plan = planNetwork({ links, networks: [{ link: 'l0', ip_address: '10.0.0.5/24' }] }, CARDS);

  assert.deepEqual(plan.commands, []);
  assert.match(plan.complaints.join(), /52:54:00:00:00:01/u);
});

test('text that is no address never reaches a command', () => {
  const networks = [{ link: 'l0', ip_address: '10.0.0.5/24; reboot', gateway: '$(reboot)' }];

  const plan = planNetwork({ links: LINKS, networks }, CARDS);

  assert.doesNotMatch(JSON.stringify(plan.commands), /reboot/u);
});
