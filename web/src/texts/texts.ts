/** The texts in the language of the page. Another language is another file of this shape. */
export * as texts from './en.ts';
export { LANGUAGE } from './en.ts';
