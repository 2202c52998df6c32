/** Whether Postage is deployed, and started, with the letters app on top of the core. */
export const WITH_LETTERS = true;
