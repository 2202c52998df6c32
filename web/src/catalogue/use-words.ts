import { useMemo } from 'react';
import type { Failure } from '../api/failure.ts';
import { format } from '../format/reader.ts';
import type { Explanation, Words } from '../texts/en.ts';
import { explain } from './explain.ts';
import { useCatalogue } from './use-catalogue.ts';
import { wordsOf } from './words-of.ts';

export function useWords(): Words {
  const { data } = useCatalogue();
  return useMemo(() => wordsOf(data, format), [data]);
}

export function useExplain(): (failure: Failure) => Explanation {
  const words = useWords();
  return (failure) => explain(failure, words);
}
