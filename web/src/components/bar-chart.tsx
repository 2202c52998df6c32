import { type ReactElement, useId } from 'react';
import { format } from '../format/reader.ts';
import './chart.css';

interface BarChartProps {
  /** What the picture is of; the table beneath has the figures. */
  label: string;
  /** From the oldest to the newest. */
  points: readonly { name: string; value: number }[];
}

const WIDTH = 720;
const HEIGHT = 180;
const BASE = 150;
const TOP = 22;
const WIDEST_BAR = 48;
/** More than these would overlap. */
const MOST_NAMES = 8;

/** Bars from zero, each with its figure. */
export function BarChart({ label, points }: BarChartProps): ReactElement {
  const id = useId();
  const most = Math.max(1, ...points.map(({ value }) => value));
  const step = WIDTH / Math.max(points.length, 1);
  const width = Math.min(step * 0.6, WIDEST_BAR);
  const namesEvery = Math.ceil(points.length / MOST_NAMES);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={id} className="chart-picture">
      <title id={id}>{label}</title>
      <line className="chart-line" x1="0" x2={WIDTH} y1={BASE} y2={BASE} />
      {points.map(({ name, value }, index) => {
        const height = (value / most) * (BASE - TOP);
        const middle = step * (index + 0.5);
        return (
          <g key={name}>
            <rect
              className={value === 0 ? 'chart-zero' : 'chart-bar'}
              x={middle - width / 2}
              y={value === 0 ? BASE - 1 : BASE - height}
              width={width}
              height={value === 0 ? 1 : height}
              rx={value === 0 ? 0 : 3}
            />
            <text className="chart-value" x={middle} y={BASE - height - 6} textAnchor="middle">
              {format.count(value)}
            </text>
            {index % namesEvery === 0 && (
              <text className="chart-text" x={middle} y={BASE + 18} textAnchor="middle">
                {name}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
