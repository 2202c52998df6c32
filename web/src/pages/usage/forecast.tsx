import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';

interface ForecastProps {
  forecast: Schemas['AccountForecast'];
  /** When the API was asked, in milliseconds. */
  readAt: number;
}

/** When what is used runs out. What nobody uses has no pace. */
export function Forecast({ forecast, readAt }: ForecastProps): ReactElement {
  const words = useWords();
  const used = forecast.meters.filter(({ perDay }) => perDay > 0);
  if (used.length === 0) {
    return <p className="soft">{texts.usage.noPace}</p>;
  }
  return (
    <ul className="stack-tight">
      {used.map(({ meter, runsOutAt }) => {
        const name = capitalized(words.titleOf(meter).many);
        return (
          <li key={meter}>
            {runsOutAt === null
              ? texts.usage.lasts(name)
              : Date.parse(runsOutAt) <= readAt
                ? texts.usage.ranOut(name)
                : texts.usage.runsOut(name, format.instant(runsOutAt))}
          </li>
        );
      })}
    </ul>
  );
}

function capitalized(text: string): string {
  return text.slice(0, 1).toLocaleUpperCase() + text.slice(1);
}
