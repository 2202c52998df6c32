/**
 * Your catalogue: what your app counts, limits and sells. Postage is shipped as the letters app. To make it yours, write
 * over this file with a copy of one in `examples/`, and edit that: `cp examples/pictures/postage.config.ts .`
 */
export { catalogue, letters, stages } from './examples/letters/postage.config.ts';
