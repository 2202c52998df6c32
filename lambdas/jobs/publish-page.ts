import { fileURLToPath } from 'node:url';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { connectPageBucket, emptyBucket, publishPage } from '../adapters/page-bucket.ts';
import { answerCloudFormation } from '../runtime/custom-resource.ts';
import { createLogger } from '../runtime/logger.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { PAGE_FOLDER } from '../wiring/page-files.ts';

/** The built page lies beside the bundle. */
const folder = fileURLToPath(new URL(PAGE_FOLDER, import.meta.url));
const bucket = connectPageBucket(requiredVariable('pageBucket'));
const logger = createLogger('publish-page');

/**
 * CloudFormation calls it when a deployment brings another page or tells it something else, and when the stage has no page
 * any more.
 */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  try {
    await (event.RequestType === 'Delete'
      ? emptyBucket(bucket)
      : publishPage(bucket, folder, String(event.ResourceProperties['config'])));
    await answerCloudFormation(event, { Status: 'SUCCESS' });
  } catch (error) {
    logger.error('The page could not be published.', { error });
    await answerCloudFormation(event, {
      Status: 'FAILED',
      Reason: `The page could not be published: ${String(error)}`,
    });
  }
}
