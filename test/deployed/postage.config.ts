/** The letters app, with the stages that the deployed tests deploy. */
export { catalogue, letters } from '../../examples/letters/postage.config.ts';

const appUrl = 'http://localhost:3000';

export const stages = { dev: { appUrl }, cognito: { appUrl } };
