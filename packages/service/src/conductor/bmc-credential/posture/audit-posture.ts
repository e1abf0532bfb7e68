// Looking at all ways into a BMC that there are. Nothing is changed. The doors are asked one after another, and what one
// cannot tell is a gap in the report, not its end.

import type { BmcExposure } from '#drivers/bmc-accounts';

import { Failure } from '@bessemer/protocol/errors/failure';

import { accountItems, type SeenAccount } from './account-items.ts';
import { exposureItems } from './exposure-items.ts';
import type { PostureGap, PostureItem, PostureReport } from './posture-item.ts';
import type { PostureQuestion } from './posture-question.ts';
import { tryFactoryPasswords } from './try-factory-passwords.ts';

export const auditPosture = async (question: PostureQuestion): Promise<PostureReport> => {
  const { node, doors, as } = question;
  const gaps: PostureGap[] = [];
  const accounts: SeenAccount[] = [];
  const exposures: BmcExposure[] = [];
  for (const door of doors) {
    const { protocol, fetchExposure } = door;
    const look = <T>(what: PostureGap['what'], work: () => Promise<T>): Promise<T | undefined> =>
      lookOrGap(gaps, { protocol, what }, work);
    const listed = await look('accounts', () => door.list(node, as));
    accounts.push(...(listed ?? []).map((each) => ({ ...each, protocol })));
    if (listed === undefined || fetchExposure === undefined) continue;
    const exposure = await look('exposure', () => fetchExposure(node, as));
    if (exposure !== undefined) exposures.push(exposure);
  }
  const guessed =
    question.isGuessing === false ? [] : await tryFactoryPasswords(question, accounts, gaps);
  const items: PostureItem[] = [
    ...exposureItems(exposures, doors),
    ...accountItems(question, accounts, guessed),
  ];
  return { items: items.toSorted(bySeverity), gaps, accounts };
};

const FROM_WORST = ['critical', 'high', 'medium'] as const;

const bySeverity = (one: PostureItem, other: PostureItem): number =>
  FROM_WORST.indexOf(one.severity) - FROM_WORST.indexOf(other.severity);

const lookOrGap = async <T>(
  gaps: PostureGap[],
  place: Pick<PostureGap, 'protocol' | 'what'>,
  work: () => Promise<T>,
): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    gaps.push({ ...place, code: error.code, text: error.message });
    return undefined;
  }
};
