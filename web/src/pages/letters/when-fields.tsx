import type { ReactElement } from 'react';
import { Field, Select } from '../../components/field.tsx';
import { allZones } from '../../format/choices.ts';
import { shownAt } from '../../format/clock.ts';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import type { OrderForm } from './order.ts';

const ZONES = allZones(format.zone).map((zone) => [zone, zone.replaceAll('_', ' ')] as const);

interface WhenFieldsProps {
  values: OrderForm;
  faults: ReadonlyMap<string, string>;
  onChange: (values: Partial<OrderForm>) => void;
}

/** The time on the clocks of a place. The delivery keeps to those clocks, whatever becomes of the zone's rules. */
export function WhenFields({ values, faults, onChange }: WhenFieldsProps): ReactElement {
  const { local, zone } = values;
  return (
    <div className="stack-tight">
      <div className="fields">
        <Field
          label={texts.letters.deliverAt}
          type="datetime-local"
          value={local}
          onChange={(changed) => onChange({ local: changed })}
          error={faults.get('deliverAt') ?? faults.get('deliverAt.local')}
          isRequired
        />
        <Select
          label={texts.letters.zone}
          value={zone}
          onChange={(changed) => onChange({ zone: changed })}
          options={ZONES}
          error={faults.get('deliverAt.zone')}
        />
      </div>
      <p className="soft small" role="status">
        {local === '' ? texts.letters.byTheClock : aboutTime(local, zone)}
      </p>
    </div>
  );
}

function aboutTime(local: string, zone: string): string {
  const [first, second] = shownAt(local, zone);
  const { letters } = texts;
  if (first === undefined) {
    return letters.skipped(zone);
  }
  if (second !== undefined) {
    return letters.shownTwice(zone);
  }
  return zone === format.zone
    ? letters.byTheClock
    : letters.forYou(format.instant(new Date(first).toISOString()));
}
