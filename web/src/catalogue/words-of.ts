/** How the catalogue names things. What it does not know is called by its id. */
import type { components } from '../api/generated/letters.d.ts';
import type { Format, Title } from '../format/format.ts';
import type { Words } from '../texts/en.ts';

export type Catalogue = components['schemas']['Catalogue'];

const CREDIT: Title = { one: 'credit', many: 'credits' };

export function wordsOf(catalogue: Catalogue | undefined, format: Format): Words {
  const counted = [...(catalogue?.meters ?? []), ...(catalogue?.levels ?? [])];
  const credit = catalogue?.credit?.title ?? CREDIT;
  return {
    format,
    planName: (id) => catalogue?.plans.find((plan) => plan.id === id)?.title ?? id,
    titleOf: (meter) =>
      meter === 'credits'
        ? credit
        : (counted.find(({ id }) => id === meter)?.title ?? { one: meter, many: meter }),
    credit,
  };
}
