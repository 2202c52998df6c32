import { LANGUAGE } from '../texts/texts.ts';
import { createFormat, readerOf } from './format.ts';

/** For whoever sits before this browser. */
export const format = createFormat(readerOf(LANGUAGE, navigator.languages));
