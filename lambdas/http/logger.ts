import { createLogger } from '../logger.ts';

export const logger = createLogger('postage');
