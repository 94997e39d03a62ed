import { useMemo } from 'preact/hooks';
import { type Point, SPARK, sparkOf } from './spark.ts';

export interface SparklineProps {
  readonly points: readonly Point[];
  /** A value that the line should keep to: drawn as a dashed line. */
  readonly reference?: number | null;
  /** What is drawn, for those who hear the page. */
  readonly label: string;
  readonly format: (value: number) => string;
}

/** The last two minutes of one figure. */
export function Sparkline({ points, reference = null, label, format }: SparklineProps) {
  const spark = useMemo(() => sparkOf(points, reference), [points, reference]);
  const range =
    spark.least === null || spark.most === null
      ? 'nothing measured'
      : `from ${format(spark.least)} to ${format(spark.most)}`;
  return (
    <figure class="spark">
      <svg
        viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}, last 2 minutes: ${range}`}
      >
        <path class="spark-area" d={spark.area} />
        {spark.reference !== null && (
          <path class="spark-reference" d={`M0 ${spark.reference}H${SPARK.width}`} />
        )}
        <path class="spark-line" d={spark.line} />
      </svg>
      <figcaption class="spark-words" aria-hidden="true">
        <span>2 min</span>
        <span>{range}</span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}
