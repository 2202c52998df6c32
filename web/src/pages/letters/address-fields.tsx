import type { ReactElement } from 'react';
import { Field, Select } from '../../components/field.tsx';
import { format } from '../../format/reader.ts';
import { allCountries } from '../../format/choices.ts';
import { texts } from '../../texts/texts.ts';
import type { OrderForm } from './order.ts';

const COUNTRIES = [['', texts.letters.chooseCountry] as const, ...allCountries(format.locale)];

interface AddressFieldsProps {
  values: OrderForm;
  faults: ReadonlyMap<string, string>;
  onChange: (values: Partial<OrderForm>) => void;
}

/** An address as the API judges it: what is missing or wrong for its country stands beneath the field. */
export function AddressFields({ values, faults, onChange }: AddressFieldsProps): ReactElement {
  const { letters } = texts;
  const field = (
    name: keyof OrderForm,
    label: string,
    autoComplete: string,
    isRequired = true,
  ): ReactElement => (
    <Field
      key={name}
      label={label}
      value={values[name]}
      onChange={(text) => onChange({ [name]: text })}
      error={faults.get(`recipient.${name}`)}
      autoComplete={autoComplete}
      maxLength={200}
      isRequired={isRequired}
    />
  );
  return (
    <>
      <Select
        label={letters.country}
        value={values.country}
        onChange={(country) => onChange({ country })}
        options={COUNTRIES}
        error={faults.get('recipient.country')}
        isRequired
      />
      <div className="fields">
        {field('name', letters.name, 'name')}
        {field('line1', letters.line1, 'address-line1')}
        {field('line2', letters.line2, 'address-line2', false)}
        {field('postalCode', letters.postalCode, 'postal-code', false)}
        {field('city', letters.city, 'address-level2')}
        {field('state', letters.state, 'address-level1', false)}
      </div>
    </>
  );
}
