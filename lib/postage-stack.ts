import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { CatalogueFile } from '../lambdas/domain/catalogue.ts';
import { PAGE_PATH } from '../lambdas/wiring/page-files.ts';
import { Api } from './api.ts';
import { BackupCopy } from './backup-copy.ts';
import { Canary } from './canary.ts';
import { Dashboard } from './dashboard.ts';
import { GradualDeployments } from './gradual-deployments.ts';
import { Identity } from './identity.ts';
import { Monitoring } from './monitoring.ts';
import { Page } from './page.ts';
import { Payments } from './payments.ts';
import { replaysOf } from './queues.ts';
import { Queries } from './queries.ts';
import { Reconciler } from './reconciler.ts';
import { Rollover } from './rollover.ts';
import { CatalogueRecord } from './catalogue-record.ts';
import { createSecret } from './secret.ts';
import { senderSettingsOf } from './sender-settings.ts';
import { Senders } from './senders.ts';
import { StripeCheck } from './stripe-check.ts';
import type { Stage } from './stage.ts';
import { TableStream } from './stream.ts';
import { PostageTable } from './table.ts';
import type { Watched } from './watches.ts';

export interface PostageStackProps extends StackProps {
  stage: Stage;
  /** The owner's file, and the catalogue in it. */
  configFile: string;
  catalogue: CatalogueFile;
  hasLetters: boolean;
}

/** What the outputs are of. */
interface Told {
  api: Api;
  pageUrl: string | null;
  table: ITable;
  cronSecret: CfnSecret;
  giftSecret: CfnSecret;
  payments: Payments;
  senders: Senders | null;
  rollover: Rollover;
  topic: Topic;
  stream: TableStream;
}

/** All of Postage in one stack, for one stage. */
export class PostageStack extends Stack {
  constructor(scope: Construct, id: string, all: PostageStackProps) {
    const { stage, configFile, catalogue, hasLetters, ...props } = all;
    const description = `Postage (${stage.name}): usage metering, quotas and credits`;
    super(scope, id, { ...props, description });
    Tags.of(this).add('project', 'postage');
    Tags.of(this).add('stage', stage.name);

    const { table, arns: tableArns } = new PostageTable(this, 'Data', { stage });
    const data = { tableName: table.tableName, arns: tableArns };
    const code = { stage, hasLetters, configFile };
    const record = new CatalogueRecord(this, 'Catalogue', { ...data, build: code, catalogue });
    const build = { ...code, catalogueSince: record.since };
    const onTable = { ...data, stage, build };
    const cronSecret = createSecret(this, 'CronSecret', { stage, ...CRON_SECRET });
    const giftSecret = createSecret(this, 'GiftSecret', { stage, ...GIFT_SECRET });
    const api = new Api(this, 'Api', { stage, build });
    const { httpApi, accessLog, url: apiUrl, distribution } = api;
    const pageUrl = (stage.page ?? null) === null ? null : `${apiUrl}${PAGE_PATH}`;
    const identity = new Identity(this, 'Identity', { stage, pageUrl });
    const rollover = new Rollover(this, 'Rollover', onTable);
    const stream = new TableStream(this, 'Stream', { stage, build, table, arns: tableArns });
    const payments = new Payments(this, 'Payments', onTable);
    const reconciler = new Reconciler(this, 'Reconciler', { ...onTable, payments });
    const onBus = { ...onTable, bus: stream.bus, arns: { ...tableArns, ...stream.arns } };
    const settings = senderSettingsOf(stage);
    const senders = hasLetters ? new Senders(this, 'Senders', { ...onBus, settings }) : null;
    const aliases = api.addRoutes({
      authorizer: identity.authorizer,
      arns: {
        ...identity.arns,
        ...tableArns,
        ...rollover.arns,
        ...payments.arns,
        ...reconciler.arns,
        ...senders?.arns,
        cronSecret: cronSecret.attrId,
        giftSecret: giftSecret.attrId,
      },
      environment: {
        table: table.tableName,
        stage: stage.name,
        disposable: String(!stage.isProtected),
        userPoolId: identity.userPoolId,
        largeTextsPerMinute: String(stage.limits?.largeTextsPerMinute ?? ''),
        cronSecretId: cronSecret.attrId,
        rolloverStateMachineArn: rollover.stateMachine.stateMachineArn,
        stripeSecretId: payments.secret.attrId,
        stripeApiUrl: stage.stripeApiUrl ?? '',
        stripeEventsQueueUrl: payments.events.queueUrl,
        appUrl: stage.appUrl ?? pageUrl ?? '',
        reconcilerArn: reconciler.function.lambda.functionArn,
        giftSecretId: giftSecret.attrId,
        mailSecretId: senders?.mailSecret.attrId ?? '',
      },
    });
    if (stage.page && distribution !== null && identity.page !== null) {
      const { page: settings } = stage;
      new Page(this, 'Page', { stage, settings, build: code, distribution, signIn: identity.page });
    }
    new StripeCheck(this, 'StripeCheck', { ...onTable, payments, apiUrl });
    if (stage.canary === true) {
      new Canary(this, 'Canary', { ...onTable, apiUrl });
    }
    const watched = { stage, httpApi, accessLog, table, rollover, stream, payments, reconciler, senders };
    const { topic } = this.addMonitoring(watched, aliases);
    if (typeof stage.backupCopy === 'string') {
      new BackupCopy(this, 'BackupCopy', { stage, table, vaultArn: stage.backupCopy });
    }

    this.tell({ api, pageUrl, table, cronSecret, giftSecret, payments, senders, rollover, topic, stream });
  }

  private tell({
    api,
    pageUrl,
    table,
    cronSecret,
    giftSecret,
    payments,
    senders,
    rollover,
    topic,
    stream,
  }: Told): void {
    const { url: apiUrl } = api;
    const outputs: Record<string, string> = {
      ApiUrl: apiUrl,
      ...(pageUrl === null ? {} : { PageUrl: pageUrl }),
      ...(api.domainTarget === null ? {} : { DomainTarget: api.domainTarget }),
      TableName: table.tableName,
      CronSecretArn: cronSecret.attrId,
      GiftSecretArn: giftSecret.attrId,
      StripeSecretArn: payments.secret.attrId,
      StripeEventsQueueUrl: payments.events.queueUrl,
      StripeWebhookUrl: `${apiUrl}/webhooks/stripe`,
      ...senders?.outputsFor(apiUrl),
      RolloverStateMachineArn: rollover.stateMachine.stateMachineArn,
      AlarmTopicArn: topic.topicArn,
      EventBusName: stream.bus.eventBusName,
      FailedRecordsBucketName: stream.failedRecords.bucketName,
      Replays: this.replaysOf(stream),
    };
    for (const [name, value] of Object.entries(outputs)) {
      new CfnOutput(this, name, { value });
    }
  }

  /** The alarms, what one looks at when they ring, and what the alarms roll back. */
  private addMonitoring(watched: Watched, aliases: readonly Alias[]): Monitoring {
    const { stage, accessLog } = watched;
    const monitoring = new Monitoring(this, 'Monitoring', watched);
    new Dashboard(this, 'Dashboard', watched, monitoring);
    new Queries(this, 'Queries', { stage, accessLog });
    if (stage.gradual === true) {
      const { 'server-errors': errors, slow } = monitoring.alarms;
      const alarms = [errors, slow].filter((alarm) => alarm !== undefined);
      new GradualDeployments(this, 'GradualDeployments', { aliases, alarms });
    }
    return monitoring;
  }

  /** What `npm run replay` is told. */
  private replaysOf({ consumers }: TableStream): string {
    const functions: Record<string, string> = Object.fromEntries(
      consumers.map(({ name, lambda }) => [name, lambda.functionName] as const),
    );
    return this.toJsonString({ queues: replaysOf(this), consumers: functions });
  }
}

const CRON_SECRET = {
  description: 'What callers of the cron routes of Postage send as a bearer token',
  generateSecretString: { passwordLength: 48, excludePunctuation: true },
  whyNotRotated:
    'Its callers must learn a new value first, so the owner changes it by hand: docs/runbook.md.',
};

const GIFT_SECRET = {
  description: 'What the codes of gifts of Postage follow from. It must not change: docs/runbook.md.',
  generateSecretString: { passwordLength: 64, excludePunctuation: true },
  whyNotRotated: 'Givers have passed on codes that follow from it, so it stays: docs/runbook.md.',
};
