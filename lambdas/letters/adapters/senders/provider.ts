import { type EmailRecipient, type PostalRecipient } from '../../domain/deliveries.ts';

/** What a provider is given to send. */
export interface Parcel<Recipient> {
  deliveryId: string;
  userId: string;
  /** 1 for the first; the outcome of the earlier ones is not known. */
  attempt: number;
  recipient: Recipient;
  letter: { title: string; body: string };
}

export type Acceptance =
  | { outcome: 'accepted'; providerId: string }
  /** This letter to this recipient will never be taken. */
  | { outcome: 'rejected'; failure: string };

/** Sends by one channel. @throws NothingTakenError; any other error leaves open whether it was sent */
export type Send<Recipient> = (parcel: Parcel<Recipient>) => Promise<Acceptance>;

/** Whom each channel sends to. */
export interface RecipientOf {
  email: EmailRecipient;
  mail: PostalRecipient;
}

/** The provider has taken nothing, or would know a repetition: the same may be asked again at any time. */
export class NothingTakenError extends Error {
  override name = 'NothingTakenError';
}

/** The provider does not know us: a key or an address is missing or wrong, and only whoever runs Postage can help. */
export class SenderNotConfiguredError extends NothingTakenError {
  override name = 'SenderNotConfiguredError';
}
