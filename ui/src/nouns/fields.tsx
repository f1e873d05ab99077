// Options of a select: the fields by which runs are grouped, coloured or laid out.
import { useMemo } from "preact/hooks";
import { fieldOf, fieldsOf, titleOf, type Compared } from "./runset";

/** `most`: only fields with at most so many values. `numeric`: only numbers. */
export function FieldChoices({ set, most, numeric }: { set: Compared; most?: number; numeric?: boolean }) {
  const fits = (field: string): boolean => {
    const values = new Set(set.runs.map((run) => fieldOf(run, field, set.definitions)));
    if (most !== undefined && (values.size > Math.min(most, Math.max(2, set.runs.length - 1)) || values.size < 2)) return false;
    return !numeric || [...values].some((value) => typeof value === "number");
  };
  return useMemo(() => (
    <>
      {fieldsOf(set).map(([title, fields]) => {
        const shown = fields.slice(0, 300).filter(fits);
        return shown.length ? <optgroup key={title} label={title}>{shown.map((field) => <option key={field} value={field}>{titleOf(field)}</option>)}</optgroup> : null;
      })}
    </>
  ), [set.runs, set.definitions, most, numeric]);
}
