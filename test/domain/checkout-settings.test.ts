import { describe, expect, it } from '@jest/globals';
import { catalogue } from '../../examples/letters/postage.config.ts';
import { catalogueOf } from '../../lambdas/domain/catalogue.ts';
import { mistakesOfCatalogue } from '../../lambdas/domain/catalogue-mistakes.ts';

const CHECKOUT = {
  tax: 'exclusive',
  promotionCodes: true,
  termsUrl: 'https://example.com/terms',
  privacyUrl: 'https://example.com/privacy',
  statementDescriptor: 'CREDITS',
  invoices: false,
};

function toldOf(checkout: unknown): string[] {
  return mistakesOfCatalogue({ ...catalogue, checkout }, true).map(
    ({ entry, message }) => `${entry}: ${message}`,
  );
}

describe('what Checkout is told', () => {
  it('is a setting of the catalogue, each of them optional', () => {
    expect(toldOf(CHECKOUT)).toEqual([]);
    expect(toldOf({})).toEqual([]);
    const file = { ...catalogue, checkout: { ...CHECKOUT, tax: 'inclusive' } } as const;
    expect(catalogueOf(file, 0).checkout).toEqual({
      tax: 'inclusive',
      takesCodes: true,
      termsUrl: 'https://example.com/terms',
      privacyUrl: 'https://example.com/privacy',
      statementDescriptor: 'CREDITS',
      makesInvoices: false,
    });
  });

  it.each([
    [{ tax: true }, "checkout.tax: This must be 'exclusive' or 'inclusive'."],
    [{ promotionCodes: 'yes' }, 'checkout.promotionCodes: This must be true or false.'],
    [{ termsUrl: 'http://example.com' }, 'checkout.termsUrl: This must be an address, https://….'],
    [{ privacyUrl: 'https://' }, 'checkout.privacyUrl: This must be an address, https://….'],
    [{ invoices: 1 }, 'checkout.invoices: This must be true or false.'],
    [
      { coupons: true },
      'checkout.coupons: Nothing of this name is known here. Known are tax, promotionCodes, termsUrl, privacyUrl, statementDescriptor, invoices.',
    ],
  ])('%j is a mistake', (checkout, told) => {
    expect(toldOf(checkout)).toEqual([told]);
  });

  it.each(['', 'LONGER THAN 10', '12345', 'A*B', "O'HARA", ' A', 7])(
    '%j is no text for a statement',
    (statementDescriptor) => {
      expect(toldOf({ statementDescriptor })).toMatchObject([
        expect.stringContaining('checkout.statementDescriptor: This must be 1 to 10 characters'),
      ]);
    },
  );
});
