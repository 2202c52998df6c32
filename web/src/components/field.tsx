import { type ReactElement, useId } from 'react';

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error?: string | undefined;
  type?: 'text' | 'email' | 'number' | 'datetime-local' | 'date' | 'month';
  isMultiline?: boolean;
  isRequired?: boolean;
  autoComplete?: string;
  maxLength?: number;
  min?: string;
  max?: string;
  hint?: string;
}

/** A labelled field, whose mistake stands beneath it. Text runs in its own direction. */
export function Field(props: FieldProps): ReactElement {
  const { label, error, hint, isMultiline = false, type = 'text', isRequired = false } = props;
  const id = useId();
  const about = `${id}-about`;
  const common = {
    id,
    className: 'input',
    value: props.value,
    required: isRequired,
    maxLength: props.maxLength,
    autoComplete: props.autoComplete ?? 'off',
    'aria-invalid': error !== undefined,
    'aria-describedby': error === undefined && hint === undefined ? undefined : about,
    dir: type === 'text' ? 'auto' : undefined,
  } as const;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {isMultiline ? (
        <textarea {...common} onChange={(event) => props.onChange(event.target.value)} />
      ) : (
        <input
          {...common}
          type={type}
          min={props.min}
          max={props.max}
          onChange={(event) => props.onChange(event.target.value)}
        />
      )}
      {(error ?? hint) !== undefined && (
        <p id={about} className={error === undefined ? 'soft small' : 'field-error'}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

interface SelectProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly (readonly [value: string, text: string])[];
  isRequired?: boolean;
  error?: string | undefined;
}

export function Select({
  label,
  value,
  onChange,
  options,
  isRequired = false,
  error,
}: SelectProps): ReactElement {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="input"
        value={value}
        required={isRequired}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : `${id}-error`}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
      {error !== undefined && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}

interface ChoicesProps<Value extends string> {
  label: string;
  /** Empty: none of them. */
  value: Value | '';
  onChange: (value: Value) => void;
  options: readonly (readonly [value: Value, text: string])[];
}

/** One of a few, all of them in view. */
export function Choices<Value extends string>(props: ChoicesProps<Value>): ReactElement {
  const name = useId();
  return (
    <fieldset className="choices">
      <legend className="visually-hidden">{props.label}</legend>
      {props.options.map(([option, text]) => (
        <label key={option}>
          <input
            type="radio"
            name={name}
            checked={option === props.value}
            onChange={() => props.onChange(option)}
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
