import { BUS_RULES, type BusRule, type BusTarget } from '../lambdas/letters/wiring/bus-rules.ts';

/** An entry on the bus. */
export interface BusEntry {
  Source: string;
  DetailType: string;
  /** JSON. */
  Detail: string;
}

const TARGETS = Object.keys(BUS_RULES) as BusTarget[];

/** The targets whose rules match an entry. */
export function targetsOf(entry: BusEntry): BusTarget[] {
  return TARGETS.filter((target) => passes(entry, BUS_RULES[target]));
}

function passes({ Source, DetailType, Detail }: BusEntry, { source, detailType, detail }: BusRule): boolean {
  if (!source.includes(Source) || !detailType.includes(DetailType)) {
    return false;
  }
  const { data } = JSON.parse(Detail) as { data?: Record<string, unknown> };
  return Object.entries(detail?.data ?? {}).every(([name, values]) => values.includes(String(data?.[name])));
}

/** What the bus puts into a target's queue. */
export function messageOf(id: string, { Source, DetailType, Detail }: BusEntry): string {
  return JSON.stringify({
    version: '0',
    id,
    source: Source,
    'detail-type': DetailType,
    account: '000000000000',
    region: 'us-east-1',
    resources: [],
    detail: JSON.parse(Detail) as unknown,
  });
}
