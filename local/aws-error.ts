/** An AWS service's error, with the name by which clients recognize it. */
export class AwsError extends Error {
  override name = 'AwsError';
  /** Such as `ResourceNotFoundException`. */
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}
