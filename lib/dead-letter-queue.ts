import { Duration, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/**
 * Where what could not be delivered is kept for 14 days, the longest that SQS offers. The monitoring finds every one of
 * these in the stack and watches it.
 */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.queue).acknowledge(
      {
        id: 'AwsSolutions-SQS3',
        reason: 'This is a dead-letter queue: nothing comes after it but an alarm.',
      },
      {
        id: 'Serverless-SQSRedrivePolicy',
        reason: 'This is a dead-letter queue: nothing comes after it but an alarm.',
      },
    );
  }
}
