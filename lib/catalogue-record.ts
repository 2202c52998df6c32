import { CustomResource, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { CatalogueFile } from '../lambdas/domain/catalogue.ts';
import { snapshotOf } from '../lambdas/wiring/catalogue-snapshot.ts';
import { type Build, PostageFunction } from './postage-function.ts';
import type { ResourceArns } from './rights.ts';

export interface CatalogueRecordProps {
  build: Build;
  tableName: string;
  arns: ResourceArns;
  catalogue: CatalogueFile;
}

/** CloudFormation would wait for an hour when the function dies without an answer. */
const ANSWERS_WITHIN = Duration.minutes(5);

/** Records the catalogue in the table when a deployment brings another one. */
export class CatalogueRecord extends Construct {
  /** The instant from which the catalogue holds, in milliseconds. */
  readonly since: string;

  constructor(scope: Construct, id: string, { build, tableName, arns, catalogue }: CatalogueRecordProps) {
    super(scope, id);
    const { lambda } = new PostageFunction(this, 'record-catalogue', {
      build,
      description: 'Postage: records the catalogue that is deployed',
      arns,
      environment: { table: tableName },
    });
    // CDK's own framework for such functions would bring a second one, with wider rights.
    const record = new CustomResource(this, 'Record', {
      resourceType: 'Custom::PostageCatalogue',
      serviceToken: lambda.functionArn,
      serviceTimeout: ANSWERS_WITHIN,
      properties: { ...snapshotOf(catalogue) },
    });
    this.since = record.getAttString('Since');
  }
}
