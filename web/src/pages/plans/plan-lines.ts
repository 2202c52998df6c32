/** What a plan gives, as lines: for its card, and for what a change gains and loses. */
import type { Catalogue, CataloguePlan } from '../../catalogue/use-catalogue.ts';
import type { Words } from '../../texts/en.ts';
import { texts } from '../../texts/texts.ts';

export function planLines(plan: CataloguePlan, catalogue: Catalogue, words: Words): string[] {
  const { format, credit } = words;
  const limits = [...catalogue.meters, ...catalogue.levels].flatMap(({ id }) => {
    const limit = plan.limits[id];
    const { many } = words.titleOf(id);
    if (limit === undefined) {
      return [];
    }
    if (limit === 'unlimited') {
      return [texts.plans.unlimited(many)];
    }
    const isLevel = catalogue.levels.some((level) => level.id === id);
    return [(isLevel ? texts.plans.held : texts.plans.limit)(format.count(limit), many)];
  });
  const { credits, carryOver, extraCredit } = plan;
  return [
    ...(credits === 0 ? [] : [texts.plans.credits(format.counted(credits, credit))]),
    ...limits,
    ...(carryOver === null
      ? []
      : [texts.plans.carryOver(format.count(carryOver.cap), format.count(carryOver.periods))]),
    ...(extraCredit === null ? [] : [texts.plans.extra(format.money(extraCredit))]),
    ...plan.features.map((id) => catalogue.features.find((one) => one.id === id)?.title ?? id),
  ];
}

/** The lines that only the first has. */
export function linesOnlyIn(lines: readonly string[], other: readonly string[]): string[] {
  return lines.filter((line) => !other.includes(line));
}
