/** The app for pictures, with the stage that the deployed tests deploy. */
export { catalogue, letters } from '../../examples/pictures/postage.config.ts';

export const stages = { pictures: { appUrl: 'http://localhost:3000' } };
