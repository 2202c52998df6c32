/** An error of an AWS service, as its clients tell one from another. */
export class AwsError extends Error {
  override name = 'AwsError';
  /** The service's name for it: `ResourceNotFoundException`. */
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}
