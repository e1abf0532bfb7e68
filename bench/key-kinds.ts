// What a handshake costs by the kind of key and by how it is checked: the ground of the choice of P-256 keys that are
// compared with a pin. Printed only when asked for (`--compare-keys`): nothing of it is the product's.

import { type Curve, makeBenchAuthority } from './agent-certificates.ts';
import { startHandshakes } from './handshakes.ts';
import { medianOf, type Measurement } from './measurement.ts';
import { startAgents } from './simulated-agents.ts';

const KEYS = 8;
const ROUNDS = 3;

type Kind = { readonly curve: Curve; readonly isChainVerified: boolean };

const KINDS: readonly Kind[] = [
  { curve: 'P-256', isChainVerified: false },
  { curve: 'P-256', isChainVerified: true },
  { curve: 'P-384', isChainVerified: false },
  { curve: 'P-384', isChainVerified: true },
];

const textOf = ({ curve, isChainVerified }: Kind): string =>
  `${curve}, ${isChainVerified ? 'chain verified' : 'pin compared'}`;

/** Interleaved, so that a busy moment of the machine meets all kinds alike. */
export const compareKeys = async (
  count: number,
  concurrency: number,
): Promise<readonly Measurement[]> => {
  const authority = await makeBenchAuthority();
  const fleets = await Promise.all(
    (['P-256', 'P-384'] as const).map(async (curve) => {
      const identities = await Promise.all(
        Array.from({ length: KEYS }, () => authority.issue(curve)),
      );
      const agents = await startAgents({ identities });
      return { curve, agents, pins: identities.map(({ pin }) => pin) };
    }),
  );
  const handshakes = startHandshakes();
  const seconds = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const kind of KINDS) {
      const fleet = fleets.find(({ curve }) => curve === kind.curve);
      const cost = await handshakes.run({
        count,
        concurrency,
        ports: fleet?.agents.ports ?? [],
        pins: fleet?.pins ?? [],
        ...(kind.isChainVerified ? { authority: authority.certificatePem } : {}),
      });
      seconds.get(kind)?.push(cost.seconds);
    }
  }
  await handshakes.stop();
  await Promise.all(fleets.map(({ agents }) => agents.stop()));
  const medians = KINDS.map((kind) => medianOf(seconds.get(kind) ?? []));
  return KINDS.map((kind, index) => ({
    what: `${count} handshakes, ${textOf(kind)}`,
    measured: medians[index] ?? Number.NaN,
    unit: 's',
    limit: { value: medians[0] ?? Number.NaN, what: textOf(KINDS[0] as Kind) },
    goal: 'for comparison',
    isMet: true,
  }));
};
