import { Annotations, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { type EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { VARIABLES } from '../lambdas/wiring/environment.ts';
import { BUS_RULES, type BusTarget } from '../lambdas/wiring/bus-rules.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import { PostageFunction } from './postage-function.ts';
import type { ResourceArns } from './rights.ts';
import type { SenderSettings } from './sender-settings.ts';
import { keepsData, type Stage } from './stage.ts';

export interface SendersProps {
  stage: Stage;
  tableName: string;
  bus: EventBus;
  /** Of the table and the bus. */
  arns: ResourceArns;
  settings: SenderSettings;
}

/** A function that gets events of the bus, through a queue of its own. */
export interface QueuedTarget {
  name: BusTarget;
  queue: Queue;
}

/** More than the function's own deadlines, so that it reports and is not cut off. */
const TIMEOUT = Duration.minutes(1);
/** A message that has failed rests this long; and it stays hidden while it is worked on. */
const REST = Duration.minutes(6);
const MAX_RECEIVES = 5;
const BATCH_SIZE = 10;
/** How many batches are worked on at once: providers take some e-mails or letters a second, and refuse more. */
const MAX_CONCURRENCY = 2;

/** Where what a target failed on is kept. */
const DEAD_LETTERS: Readonly<Record<BusTarget, string>> = {
  'email-sender': 'unsent-emails',
  'mail-sender': 'unsent-mails',
  'delivery-answers': 'unapplied-answers',
};

/** The senders that Postage brings, what applies the senders' answers, and the keys of Lob. */
export class Senders extends Construct {
  readonly mailSecret: CfnSecret;
  readonly targets: readonly QueuedTarget[];
  /** Of what other functions may reach. */
  readonly arns: ResourceArns;

  readonly #props: SendersProps;

  constructor(scope: Construct, id: string, props: SendersProps) {
    super(scope, id);
    this.#props = props;
    this.mailSecret = this.createMailSecret(props.stage);
    this.arns = { mailSecret: this.mailSecret.attrId };
    const { emailFrom, mailFrom } = props.settings;
    this.targets = [
      this.addTarget('delivery-answers', "Postage: applies the senders' answers", {}, {}),
      ...(emailFrom === null
        ? this.leaveOut('e-mails', 'emailFrom')
        : [
            this.addTarget(
              'email-sender',
              'Postage: sends e-mails through SES',
              { emailFrom: emailFrom.text, eventBus: props.bus.eventBusName },
              {
                emailAddress: this.identityArn(emailFrom.address),
                emailDomain: this.identityArn(emailFrom.domain),
              },
            ),
          ]),
      ...(mailFrom === null
        ? this.leaveOut('mails', 'mailFrom')
        : [
            this.addTarget(
              'mail-sender',
              'Postage: sends mails through Lob',
              { mailFrom, mailSecretId: this.mailSecret.attrId, eventBus: props.bus.eventBusName },
              this.arns,
            ),
          ]),
    ];
  }

  private leaveOut(what: string, context: string): [] {
    Annotations.of(this).addInfo(
      `Nothing here sends ${what}: give ${context}, or plug a sender of your own in. See docs/senders.md`,
    );
    return [];
  }

  private addTarget(
    name: BusTarget,
    description: string,
    own: Partial<Record<keyof typeof VARIABLES, string>>,
    arns: ResourceArns,
  ): QueuedTarget {
    const { tableName, bus, arns: sharedArns } = this.#props;
    const { queue: deadLetters } = new DeadLetterQueue(this, DEAD_LETTERS[name]);
    const queue = new Queue(this, `${name}-queue`, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      visibilityTimeout: REST,
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
    const { source, detailType, detail } = BUS_RULES[name];
    new Rule(this, `${name}-rule`, {
      eventBus: bus,
      description,
      eventPattern: {
        source: [...source],
        detailType: [...detailType],
        ...(detail === undefined ? {} : { detail }),
      },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters, maxEventAge: Duration.hours(12) })],
    });
    const variables = { table: tableName, ...own };
    const { lambda } = new PostageFunction(this, name, {
      name,
      entry: `lambdas/jobs/${name}.ts`,
      description,
      arns: { ...sharedArns, ...arns, [QUEUE_OF[name]]: queue.queueArn },
      environment: Object.fromEntries(
        Object.entries(variables).map(([variable, value]) => [
          VARIABLES[variable as keyof typeof own],
          value,
        ]),
      ),
      timeout: TIMEOUT,
    });
    const mapping = new EventSourceMapping(this, `${name}-mapping`, {
      target: lambda,
      eventSourceArn: queue.queueArn,
      batchSize: BATCH_SIZE,
      reportBatchItemFailures: true,
      maxConcurrency: MAX_CONCURRENCY,
    });
    Validations.of(mapping).acknowledge({
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason: 'A queue has no such destination: what fails goes to its dead-letter queue.',
    });
    return { name, queue };
  }

  /** What SES knows as verified. A message is allowed by its address or by the domain. */
  private identityArn(resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'ses', resource: 'identity', resourceName });
  }

  /** With empty keys, which stand for "not configured": the owner sets them, and no deployment overwrites them. */
  private createMailSecret(stage: Stage): CfnSecret {
    const secret = new CfnSecret(this, 'MailKeys', {
      description: "Lob's keys: {apiKey: live_..., webhookSecret: ...}",
      secretString: JSON.stringify({ apiKey: '', webhookSecret: '' }),
    });
    secret.applyRemovalPolicy(keepsData(stage) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'The keys are made by Lob, and changed there first: docs/runbook.md.',
    });
    return secret;
  }
}

const QUEUE_OF = {
  'email-sender': 'dueEmails',
  'mail-sender': 'dueMails',
  'delivery-answers': 'answers',
} as const;
