import { Annotations, Duration, Stack, Validations } from 'aws-cdk-lib';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ConfigurationSet, EmailSendingEvent, EventDestination } from 'aws-cdk-lib/aws-ses';
import {
  BUS_RULES,
  type BusTarget,
  SES_EVENT_TYPES,
  SES_SOURCE,
} from '../lambdas/letters/wiring/bus-rules.ts';
import { BATCHES_AT_ONCE } from '../lambdas/letters/wiring/senders.ts';
import { type Build, type Environment, PostageFunction } from './postage-function.ts';
import { createQueue, DeadLetterQueue, feed } from './queues.ts';
import type { ResourceArns, ResourceName } from './rights.ts';
import { createKeys } from './secret.ts';
import type { EmailAddress, SenderSettings } from './sender-settings.ts';
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

/** The queue of a target, as the rights call it, and the one that keeps what the target failed on. */
const QUEUES = {
  // A provider that is busy for a day costs a delivery some hundred receives, and nothing else.
  'email-sender': { resource: 'dueEmails', deadLetters: 'unsent-emails', maxReceives: 200 },
  'mail-sender': { resource: 'dueMails', deadLetters: 'unsent-mails', maxReceives: 200 },
  'delivery-answers': { resource: 'answers', deadLetters: 'unapplied-answers', maxReceives: 5 },
} as const satisfies Record<BusTarget, { resource: ResourceName; deadLetters: string; maxReceives: number }>;

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
    const answers = this.addTarget('delivery-answers', "Postage: applies the senders' answers", {}, {});
    this.targets = [
      answers,
      ...(emailFrom === null
        ? this.leaveOut('e-mails', 'emailFrom')
        : [this.addEmailSender(emailFrom, answers.queue)]),
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

  /** Its own configuration set, since that of the address, if there is one, needs rights that nobody here can know. */
  private addEmailSender({ text, address, domain }: EmailAddress, answers: Queue): QueuedTarget {
    const { bus } = this.#props;
    const set = new ConfigurationSet(this, 'Emails', { reputationMetrics: true });
    // SES tells the account's default bus, and no other.
    set.addEventDestination('Reports', {
      destination: EventDestination.eventBus(EventBus.fromEventBusName(this, 'DefaultBus', 'default')),
      events: [EmailSendingEvent.BOUNCE, EmailSendingEvent.COMPLAINT, EmailSendingEvent.REJECT],
    });
    const deadLetterQueue = answers.deadLetterQueue?.queue;
    new Rule(this, 'email-reports-rule', {
      description: 'Postage: what SES says later of the e-mails that it has taken',
      eventPattern: {
        source: [SES_SOURCE],
        detailType: [...SES_EVENT_TYPES],
        detail: { mail: { tags: { 'ses:configuration-set': [set.configurationSetName] } } },
      },
      targets: [
        new SqsQueue(answers, {
          ...(deadLetterQueue === undefined ? {} : { deadLetterQueue }),
          maxEventAge: Duration.hours(12),
        }),
      ],
    });
    const target = this.addTarget(
      'email-sender',
      'Postage: sends e-mails through SES',
      {
        emailFrom: text,
        emailConfigurationSet: set.configurationSetName,
        eventBus: bus.eventBusName,
      },
      {
        emailAddress: this.sesArn('identity', address),
        emailDomain: this.sesArn('identity', domain),
        emailConfigurationSet: this.sesArn('configuration-set', set.configurationSetName),
        everything: '*',
      },
    );
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'The rate of the account, which is no resource: SES allows ses:GetAccount on all or nothing.',
    });
    return target;
  }

  private addTarget(
    name: BusTarget,
    description: string,
    own: Environment,
    arns: ResourceArns,
  ): QueuedTarget {
    const { stage, build, tableName, bus, arns: sharedArns } = this.#props;
    const { resource, deadLetters: id, maxReceives } = QUEUES[name];
    const dead = new DeadLetterQueue(this, id);
    const { queue: deadLetters } = dead;
    const queue = createQueue(this, `${name}-queue`, {
      visibilityTimeout: REST,
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: maxReceives },
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
    const batchesAtOnce = stage.limits?.batchesAtOnce?.[name] ?? BATCHES_AT_ONCE;
    const target = new PostageFunction(this, name, {
      build,
      description,
      arns: { ...sharedArns, ...arns, [resource]: queue.queueArn },
      environment: {
        table: tableName,
        ...(name === 'delivery-answers' ? {} : { dueQueueUrl: queue.queueUrl }),
        // Only SES tells its rate, which the batches share.
        ...(name === 'email-sender' ? { batchesAtOnce: String(batchesAtOnce) } : {}),
        ...own,
      },
      timeout: TIMEOUT,
    });
    feed(this, target, queue, { batchSize: 10, maxConcurrency: batchesAtOnce });
    return { name, queue };
  }

  /** Of an identity, by its address or by the domain; or of a configuration set. */
  private sesArn(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'ses', resource, resourceName });
  }
}
