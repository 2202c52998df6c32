import { CREDIT_COUNTS, type Credits } from '../../domain/credits.ts';
import { type Lots } from '../../domain/lots.ts';
import { CorruptItemError, ItemReader, type WireItem } from './items.ts';

/** The credits of an account's item, whether or not they add up. @throws CorruptItemError */
export function parseStoredCredits(item: WireItem): { stored: number; credits: Credits } {
  const reader = ItemReader.fromWire(item);
  return { stored: reader.integer('available'), credits: parseCredits(reader) };
}

const ALWAYS_STORED = CREDIT_COUNTS.filter((name) => name !== 'withheld');

export function parseCredits(reader: ItemReader): Credits {
  const withheld = reader.optionalInteger('withheld') ?? 0;
  return { lots: parseLots(reader, 'carried'), withheld, ...reader.integers(ALWAYS_STORED) };
}

export function parseLots(reader: ItemReader, name: string): Lots {
  const lots = reader.list(name).filter((lot) => typeof lot === 'number');
  if (lots.length === 0 || lots.length !== reader.list(name).length) {
    throw new CorruptItemError(`The attribute ${name} is no list of lots.`);
  }
  return lots;
}
