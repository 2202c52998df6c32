import { type EmailRecipient, type PostalRecipient } from '../../domain/deliveries.ts';

/** What a provider gets to send. */
export interface Parcel<Recipient> {
  deliveryId: string;
  userId: string;
  /** 1 for the first attempt. Nobody knows how earlier ones ended. */
  attempt: number;
  recipient: Recipient;
  letter: { title: string; body: string };
}

export type Acceptance =
  | { outcome: 'accepted'; providerId: string }
  /** The provider will never take this letter to this recipient. */
  | { outcome: 'rejected'; failure: string };

/** Sends by one channel. @throws NothingTakenError; after any other error nobody knows whether it was sent */
export type Send<Recipient> = (parcel: Parcel<Recipient>) => Promise<Acceptance>;

/** Whom each channel sends to. */
export interface RecipientOf {
  email: EmailRecipient;
  mail: PostalRecipient;
}

/** The provider has taken nothing, or would notice a repetition. The sender may ask again at any time. */
export class NothingTakenError extends Error {
  override name = 'NothingTakenError';
}

/** The provider takes no more for a while. The delivery waits, and none of its attempts is used up. */
export class ProviderBusyError extends NothingTakenError {
  override name = 'ProviderBusyError';
}

/** A key or an address at the provider is missing or wrong. Only the operator of Postage can help; meanwhile the delivery waits. */
export class SenderNotConfiguredError extends NothingTakenError {
  override name = 'SenderNotConfiguredError';
}
