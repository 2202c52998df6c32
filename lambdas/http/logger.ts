import { Logger } from '@aws-lambda-powertools/logger';

/** JSON lines, which CloudWatch Logs Insights can query. `POWERTOOLS_LOG_LEVEL` sets what is written. */
export const logger = new Logger({ serviceName: 'postage' });
