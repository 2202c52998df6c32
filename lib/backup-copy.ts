import { Arn, ArnFormat, Duration, Validations } from 'aws-cdk-lib';
import { BackupPlan, BackupPlanRule, BackupResource, BackupVault } from 'aws-cdk-lib/aws-backup';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { removalPolicyOf, type Stage } from './stage.ts';

export interface BackupCopyProps {
  stage: Stage;
  table: ITable;
  /** The ARN of the vault in the other account. */
  vaultArn: string;
}

/**
 * A backup of the table each night, and a copy of it in another account, which nobody who can delete everything here can reach.
 * AWS copies to another account only what is encrypted with a key of one's own ($1 a month).
 */
export class BackupCopy extends Construct {
  constructor(scope: Construct, id: string, { stage, table, vaultArn }: BackupCopyProps) {
    super(scope, id);
    const removalPolicy = removalPolicyOf(stage);
    const { account = '' } = Arn.split(vaultArn, ArnFormat.COLON_RESOURCE_NAME);
    const encryptionKey = new Key(this, 'Key', {
      description: `Postage (${stage.name}): backups of the table`,
      enableKeyRotation: true,
      removalPolicy,
    });
    encryptionKey.grantDecrypt(new AccountPrincipal(account));
    const backupVault = new BackupVault(this, 'Vault', { encryptionKey, removalPolicy });
    const deleteAfter = Duration.days(stage.retention?.backupDays ?? 35);
    const plan = new BackupPlan(this, 'Plan', {
      backupVault,
      backupPlanRules: [
        new BackupPlanRule({
          ruleName: 'nightly',
          // Well after the rollover of midnight UTC.
          scheduleExpression: Schedule.cron({ hour: '3', minute: '0' }),
          deleteAfter,
          copyActions: [
            {
              destinationBackupVault: BackupVault.fromBackupVaultArn(this, 'OtherVault', vaultArn),
              deleteAfter,
            },
          ],
        }),
      ],
    });
    const { node } = plan.addSelection('Table', { resources: [BackupResource.fromDynamoDbTable(table)] });
    Validations.of(node.scope ?? this).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup]',
      reason: "AWS's own policy for backups, which names what AWS Backup comes to need.",
    });
  }
}
