/** The form of a delivery, and the order that it becomes. */
import type { Schemas } from '../../api/schemas.ts';

export const EMPTY_ORDER = {
  letterId: '',
  channel: 'email',
  local: '',
  zone: '',
  email: '',
  name: '',
  line1: '',
  line2: '',
  city: '',
  state: '',
  postalCode: '',
  country: '',
};

export type OrderForm = typeof EMPTY_ORDER;

export function orderOf(form: OrderForm, payAsYouGo: boolean): Schemas['NewDelivery'] {
  const common = { letterId: form.letterId, deliverAt: { local: form.local, zone: form.zone } };
  if (form.channel !== 'mail') {
    return { ...common, channel: 'email', recipient: { email: form.email } };
  }
  const { name, line1, city, country } = form;
  return {
    ...common,
    channel: 'mail',
    recipient: {
      name,
      line1,
      city,
      country,
      ...filled('line2', form.line2),
      ...filled('state', form.state),
      ...filled('postalCode', form.postalCode),
    },
    ...(payAsYouGo ? { payAsYouGo } : {}),
  };
}

function filled<Name extends string>(name: Name, text: string): Partial<Record<Name, string>> {
  const record: Partial<Record<Name, string>> = {};
  if (text.trim() !== '') {
    record[name] = text;
  }
  return record;
}
