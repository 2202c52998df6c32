import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';

interface ForecastProps {
  forecast: Schemas['AccountForecast'];
  account: Schemas['Account'] | undefined;
  /** When the API was asked, in milliseconds. */
  readAt: number;
}

/** When what is used runs out. What nobody uses has no pace, and what is unlimited no end. */
export function Forecast({ forecast, account, readAt }: ForecastProps): ReactElement {
  const words = useWords();
  const used = forecast.meters.filter(
    ({ meter, perDay }) => perDay > 0 && account?.meters[meter]?.limit !== 'unlimited',
  );
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
