import { createLogger } from '../runtime/logger.ts';

export const logger = createLogger('postage');
