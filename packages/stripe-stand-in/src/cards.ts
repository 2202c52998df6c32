/** Why a bank declines. */
export interface Decline {
  code: string;
  declineCode: string;
  message: string;
}

export const METHOD_TYPES = ['card', 'us_bank_account', 'link', 'paypal', 'cashapp'] as const;
export type MethodType = (typeof METHOD_TYPES)[number];

// Source: https://docs.stripe.com/testing
/** What a test payment method does. */
export interface TestMethod {
  type: MethodType;
  brand: string;
  last4: string;
  funding: 'credit' | 'debit';
  /** Null: it can be attached to a customer. */
  onAttach: Decline | null;
  onCharge: Decline | null;
  /** Whether the holder must be there: each time, or only until it has been set up for later use. */
  authentication: 'never' | 'always' | 'until_set_up';
  disputes: 'needs_response' | 'warning_needs_response' | null;
  refunds: 'succeeded' | 'pending' | 'failed_later';
  /** How a bank debit ends; null when the answer comes at once. */
  settles: 'succeeded' | 'failed' | null;
}

function decline(code: string, declineCode: string, message: string): Decline {
  return { code, declineCode, message };
}

const GENERIC = decline('card_declined', 'generic_decline', 'Your card was declined.');
const INSUFFICIENT_FUNDS = decline(
  'card_declined',
  'insufficient_funds',
  'Your card has insufficient funds.',
);

function card(behaviour: Partial<TestMethod> = {}): TestMethod {
  return {
    type: 'card',
    brand: 'visa',
    last4: '4242',
    funding: 'credit',
    onAttach: null,
    onCharge: null,
    authentication: 'never',
    disputes: null,
    refunds: 'succeeded',
    settles: null,
    ...behaviour,
  };
}

/** Cards that the bank declines can't be attached either, except the one made for that. */
function declined(last4: string, reason: Decline): TestMethod {
  return card({ last4, onAttach: reason, onCharge: reason });
}

function bankAccount(last4: string, settles: 'succeeded' | 'failed'): TestMethod {
  return card({ type: 'us_bank_account', brand: 'bank', last4, funding: 'debit', settles });
}

/** Stripe has no test methods of these types that an API call could name. They pay at once. */
function wallet(type: 'link' | 'paypal' | 'cashapp'): TestMethod {
  return card({ type, brand: type, last4: '' });
}

export const TEST_METHODS = {
  pm_card_visa: card(),
  pm_card_us: card(),
  pm_card_visa_debit: card({ last4: '5556', funding: 'debit' }),
  pm_card_mastercard: card({ brand: 'mastercard', last4: '4444' }),
  pm_card_amex: card({ brand: 'amex', last4: '8431' }),
  pm_card_chargeCustomerFail: card({ last4: '0341', onCharge: GENERIC }),
  pm_card_visa_chargeDeclined: declined('0002', GENERIC),
  pm_card_visa_chargeDeclinedInsufficientFunds: declined('9995', INSUFFICIENT_FUNDS),
  pm_card_visa_chargeDeclinedLostCard: declined(
    '9987',
    decline('card_declined', 'lost_card', 'Your card was declined.'),
  ),
  pm_card_visa_chargeDeclinedStolenCard: declined(
    '9979',
    decline('card_declined', 'stolen_card', 'Your card was declined.'),
  ),
  pm_card_chargeDeclinedExpiredCard: declined(
    '0069',
    decline('expired_card', 'expired_card', 'Your card has expired.'),
  ),
  pm_card_chargeDeclinedIncorrectCvc: declined(
    '0127',
    decline('incorrect_cvc', 'incorrect_cvc', "Your card's security code is incorrect."),
  ),
  pm_card_chargeDeclinedProcessingError: declined(
    '0119',
    decline(
      'processing_error',
      'processing_error',
      'An error occurred while processing your card. Try again in a little bit.',
    ),
  ),
  pm_card_authenticationRequired: card({ last4: '3184', authentication: 'always' }),
  pm_card_authenticationRequiredOnSetup: card({ last4: '3155', authentication: 'until_set_up' }),
  pm_card_createDispute: card({ last4: '0259', disputes: 'needs_response' }),
  pm_card_createDisputeInquiry: card({ last4: '1976', disputes: 'warning_needs_response' }),
  pm_card_pendingRefund: card({ last4: '7726', refunds: 'pending' }),
  pm_card_refundFail: card({ last4: '5126', refunds: 'failed_later' }),
  pm_usBankAccount_success: bankAccount('6789', 'succeeded'),
  pm_usBankAccount_insufficientFunds: bankAccount('2227', 'failed'),
  pm_link: wallet('link'),
  pm_paypal: wallet('paypal'),
  pm_cashapp: wallet('cashapp'),
} as const satisfies Record<string, TestMethod>;

export type CardName = keyof typeof TEST_METHODS;

export function isCardName(name: string): name is CardName {
  return Object.hasOwn(TEST_METHODS, name);
}

export function testMethod(name: CardName): TestMethod {
  return TEST_METHODS[name];
}
