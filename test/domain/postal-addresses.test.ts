import { describe, expect, it } from '@jest/globals';
import { formatAddress } from 'localized-address-format';
import { COUNTRY_CODES } from '../../lambdas/letters/http/countries.ts';
import { type PostalRecipient } from '../../lambdas/letters/domain/deliveries.ts';
import { faultsOfAddress, WITHOUT_POSTAL_CODES } from '../../lambdas/letters/domain/postal-addresses.ts';

const LONDON: PostalRecipient = {
  name: 'Ada Lovelace',
  line1: '12 St James’s Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};

function partsOf(address: Partial<PostalRecipient>): string[] {
  return faultsOfAddress({ ...LONDON, ...address }).map(({ part, fault }) => `${part} ${fault.kind}`);
}

describe('an address', () => {
  it.each<[string, Partial<PostalRecipient>]>([
    ['in London', {}],
    ['in London, written small', { postalCode: 'sw1y4jh' }],
    ['in Springfield', { state: 'IL', postalCode: '62701', country: 'US' }],
    ['in Springfield, to the block', { state: 'IL', postalCode: '62701-1234', country: 'US' }],
    ['in Ottawa', { state: 'ON', postalCode: 'K1A 0B1', country: 'CA' }],
    ['in Sydney', { state: 'NSW', postalCode: '2000', country: 'AU' }],
    ['in Guadalajara', { state: 'Jalisco', postalCode: '44100', country: 'MX' }],
    ['in Berlin, with blanks around the code', { postalCode: ' 10115 ', country: 'DE' }],
    ['in Amsterdam', { postalCode: '1012 JS', country: 'NL' }],
    ['in Hong Kong, which has no postal codes', { postalCode: undefined, country: 'HK' }],
    ['in Dubai, with a code all the same', { postalCode: '00000', country: 'AE' }],
    ['in Reykjavík, of which no rule is known', { postalCode: '101', country: 'IS' }],
    ['with two lines of 50 together', { line1: ` ${'A'.repeat(30)} `, line2: 'A'.repeat(20) }],
    ['written from right to left', { name: 'עדה לאבלייס', line1: 'רחוב הרצל 1', country: 'IL' }],
  ])('%s is complete', (_where, address) => {
    expect(partsOf(address)).toEqual([]);
  });

  it.each<[string, Partial<PostalRecipient>, string[]]>([
    ['without a state where one is needed', { postalCode: '62701', country: 'US' }, ['state missing']],
    [
      'with a state that is spelled out',
      { state: 'Illinois', postalCode: '62701', country: 'US' },
      ['state malformed'],
    ],
    ['without a postal code', { postalCode: undefined }, ['postalCode missing']],
    ['with two lines of 51 together', { line1: 'A'.repeat(30), line2: 'A'.repeat(21) }, ['line2 too_long']],
    ['with half a postal code', { postalCode: 'SW1' }, ['postalCode malformed']],
    [
      'of which no rule is known, without a postal code',
      { postalCode: undefined, country: 'IS' },
      ['postalCode missing'],
    ],
    [
      'of blanks',
      { name: ' ', line1: ' ', city: ' ', state: ' ', postalCode: ' ', country: 'CA' },
      ['name missing', 'line1 missing', 'city missing', 'state missing', 'postalCode missing'],
    ],
  ])('%s is not', (_what, address, faults) => {
    expect(partsOf(address)).toEqual(faults);
  });

  it('that is malformed is answered with what it should look like', () => {
    expect(faultsOfAddress({ ...LONDON, postalCode: '1' })).toEqual([
      { part: 'postalCode', fault: { kind: 'malformed', example: 'SW1Y 4JH' } },
    ]);
  });

  it('needs a postal code where Google’s address data have one', () => {
    const withoutCodes = COUNTRY_CODES.filter((postalCountry) => {
      const address = { postalCountry, locality: 'City', postalCode: '#', name: 'Ada', addressLines: ['1'] };
      return !formatAddress(address).join().includes('#');
    });
    expect(WITHOUT_POSTAL_CODES).toEqual(withoutCodes);
  });
});
