/** What stripe-mock refuses only because its document is older than the version that Postage speaks. */
export const NEWER_THAN_THE_DOCUMENT: readonly { message: string; reason: string }[] = [
  {
    message: "object property 'api_version' validation failed: value is not in enumeration",
    reason: 'The document is of 2026-08-26.dahlia, and the webhook endpoint of 2026-10-28.endive.',
  },
  {
    message: "object property 'billing_cycle_anchor' validation failed: value is not a string (Kind: map)",
    reason:
      'An update names the anchor by an object, {type: "now"}, as the types of 2026-10-28.endive have it.',
  },
  {
    message:
      "object property 'subscription_details' validation failed: object property 'billing_cycle_anchor' validation failed",
    reason: 'So does the preview of an invoice.',
  },
];
