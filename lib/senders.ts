import { Annotations, Duration, Stack } from 'aws-cdk-lib';
import { type EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BUS_RULES, type BusTarget } from '../lambdas/letters/wiring/bus-rules.ts';
import { type Build, type Environment, PostageFunction } from './postage-function.ts';
import { createQueue, DeadLetterQueue, feed } from './queues.ts';
import type { ResourceArns, ResourceName } from './rights.ts';
import { createKeys } from './secret.ts';
import type { SenderSettings } from './sender-settings.ts';
import { removalPolicyOf, type Stage } from './stage.ts';

export interface SendersProps {
  stage: Stage;
  build: Build;
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
/** How many batches are worked on at once: providers take some e-mails or letters a second, and refuse more. */
const BATCHES_AT_ONCE = 2;

/** The queue of a target, as the rights call it, and the one that keeps what the target failed on. */
const QUEUES = {
  'email-sender': { resource: 'dueEmails', deadLetters: 'unsent-emails' },
  'mail-sender': { resource: 'dueMails', deadLetters: 'unsent-mails' },
  'delivery-answers': { resource: 'answers', deadLetters: 'unapplied-answers' },
} as const satisfies Record<BusTarget, { resource: ResourceName; deadLetters: string }>;

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
    const keys = { apiKey: 'live_...', webhookSecret: '...' };
    this.mailSecret = createKeys(this, 'MailKeys', { stage: props.stage, provider: 'Lob', keys });
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

  /** What the owner needs at Lob. */
  outputsFor(apiUrl: string): Record<string, string> {
    return { MailSecretArn: this.mailSecret.attrId, MailWebhookUrl: `${apiUrl}/webhooks/mail` };
  }

  private leaveOut(what: string, context: string): [] {
    Annotations.of(this).addInfo(
      `Nothing here sends ${what}: say senders.${context} for the stage, or plug a sender of your own in. See docs/senders.md`,
    );
    return [];
  }

  private addTarget(
    name: BusTarget,
    description: string,
    own: Environment,
    arns: ResourceArns,
  ): QueuedTarget {
    const { stage, build, tableName, bus, arns: sharedArns } = this.#props;
    const { resource, deadLetters: id } = QUEUES[name];
    const dead = new DeadLetterQueue(this, id);
    const { queue: deadLetters } = dead;
    const queue = createQueue(this, `${name}-queue`, {
      visibilityTimeout: REST,
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
    dead.replayTo({ queueUrl: queue.queueUrl });
    // A sender that the file leaves out by mistake must not take along what waits for it.
    for (const each of [queue, deadLetters]) {
      each.applyRemovalPolicy(removalPolicyOf(stage));
    }
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
    const target = new PostageFunction(this, name, {
      build,
      description,
      arns: { ...sharedArns, ...arns, [resource]: queue.queueArn },
      environment: { table: tableName, ...own },
      timeout: TIMEOUT,
    });
    const maxConcurrency = stage.limits?.batchesAtOnce?.[name] ?? BATCHES_AT_ONCE;
    feed(this, target, queue, { batchSize: 10, maxConcurrency });
    return { name, queue };
  }

  /** What SES knows as verified. A message is allowed by its address or by the domain. */
  private identityArn(resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'ses', resource: 'identity', resourceName });
  }
}
