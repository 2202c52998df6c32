import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { CatalogueFile } from '../lambdas/domain/catalogue.ts';
import { Api } from './api.ts';
import { Identity, type Issuer } from './identity.ts';
import { Monitoring } from './monitoring.ts';
import { Payments } from './payments.ts';
import { Reconciler } from './reconciler.ts';
import { Rollover } from './rollover.ts';
import { CatalogueRecord } from './catalogue-record.ts';
import { createSecret } from './secret.ts';
import type { SenderSettings } from './sender-settings.ts';
import { Senders } from './senders.ts';
import { StripeCheck } from './stripe-check.ts';
import type { Stage } from './stage.ts';
import { TableStream } from './stream.ts';
import { PostageTable } from './table.ts';

export interface PostageStackProps extends StackProps {
  stage: Stage;
  /** Whose tokens are accepted; null makes a Cognito user pool. */
  issuer: Issuer | null;
  /** The owner's file, and the catalogue in it. */
  configFile: string;
  catalogue: CatalogueFile;
  /** Where users come back to from Stripe's pages. */
  appUrl: string;
  /** Another server than Stripe's; empty for Stripe's own. */
  stripeApiUrl: string;
  /** Who sends what users have written; null: without the letters app. */
  letters: SenderSettings | null;
}

/** All of Postage in one stack, for one stage. */
export class PostageStack extends Stack {
  constructor(scope: Construct, id: string, all: PostageStackProps) {
    const { stage, issuer, configFile, catalogue, appUrl, stripeApiUrl, letters, ...props } = all;
    const description = `Postage (${stage}): usage metering, quotas and credits`;
    super(scope, id, { ...props, description });
    Tags.of(this).add('project', 'postage');
    Tags.of(this).add('stage', stage);

    const { table, arns: tableArns } = new PostageTable(this, 'Data', { stage });
    const data = { tableName: table.tableName, arns: tableArns };
    const code = { stage, hasLetters: letters !== null, configFile };
    const record = new CatalogueRecord(this, 'Catalogue', { ...data, build: code, catalogue });
    const build = { ...code, catalogueSince: record.since };
    const onTable = { ...data, stage, build };
    const cronSecret = createSecret(this, 'CronSecret', { stage, ...CRON_SECRET });
    const giftSecret = createSecret(this, 'GiftSecret', { stage, ...GIFT_SECRET });
    const { authorizer } = new Identity(this, 'Identity', { stage, issuer });
    const rollover = new Rollover(this, 'Rollover', onTable);
    const stream = new TableStream(this, 'Stream', { stage, build, table, arns: tableArns });
    const payments = new Payments(this, 'Payments', { ...onTable, stripeApiUrl });
    const reconciler = new Reconciler(this, 'Reconciler', { ...onTable, payments });
    const onBus = { ...onTable, bus: stream.bus, arns: { ...tableArns, ...stream.arns } };
    const senders = letters === null ? null : new Senders(this, 'Senders', { ...onBus, settings: letters });
    const { httpApi } = new Api(this, 'Api', {
      stage,
      build,
      authorizer,
      arns: {
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
        stage,
        cronSecretId: cronSecret.attrId,
        rolloverStateMachineArn: rollover.stateMachine.stateMachineArn,
        stripeSecretId: payments.secret.attrId,
        stripeApiUrl,
        stripeEventsQueueUrl: payments.events.queueUrl,
        appUrl,
        reconcilerArn: reconciler.function.lambda.functionArn,
        giftSecretId: giftSecret.attrId,
        mailSecretId: senders?.mailSecret.attrId ?? '',
      },
    });
    const apiUrl = httpApi.apiEndpoint;
    const check = new StripeCheck(this, 'StripeCheck', { ...onTable, payments, apiUrl });
    const watched = { httpApi, rollover, stream, payments, check, reconciler, senders };
    const { topic } = new Monitoring(this, 'Monitoring', { stage, ...watched });

    this.addOutputs({
      ApiUrl: httpApi.apiEndpoint,
      TableName: table.tableName,
      CronSecretArn: cronSecret.attrId,
      GiftSecretArn: giftSecret.attrId,
      StripeSecretArn: payments.secret.attrId,
      StripeWebhookUrl: `${httpApi.apiEndpoint}/webhooks/stripe`,
      ...senders?.outputsFor(httpApi.apiEndpoint),
      RolloverStateMachineArn: rollover.stateMachine.stateMachineArn,
      AlarmTopicArn: topic.topicArn,
      EventBusName: stream.bus.eventBusName,
      FailedRecordsBucketName: stream.failedRecords.bucketName,
    });
  }

  private addOutputs(outputs: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(outputs)) {
      new CfnOutput(this, name, { value });
    }
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
