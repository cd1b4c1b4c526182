/** Rows of named values. On a phone each row becomes a block, and each value says its column's name. */
import { type ComponentChildren, Fragment } from "preact";

export interface Column<Row> {
  name: string;
  /** Numbers stand at the right, under a name that does. */
  number?: boolean;
  class?: string;
  cell(row: Row): ComponentChildren;
}

/** LABEL says it to who does not see the row. */
type RowAction = readonly [verb: string, label: string, act: () => void];

interface TableProps<Row> {
  rows: readonly Row[];
  id(row: Row): string;
  columns: readonly Column<Row>[];
  actions(row: Row): readonly RowAction[];
  rowClass?(row: Row): string;
}

export function Table<Row>({ rows, id, columns, actions, rowClass }: TableProps<Row>) {
  return (
    <table>
      <thead>
        <tr>
          {columns.map(({ name, number }) => (
            <th key={name} class={number ? "number" : undefined}>
              {name}
            </th>
          ))}
          <th>
            <span class="unseen">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={id(row)} class={rowClass?.(row)}>
            {columns.map(({ name, number, class: other, cell }) => (
              <td key={name} data-label={name} class={number ? "number" : other}>
                {cell(row)}
              </td>
            ))}
            <td class="row-action">
              {actions(row).map(([verb, label, act], index) => (
                <Fragment key={verb}>
                  {index > 0 && " "}
                  <button type="button" class="small" aria-label={label} onClick={act}>
                    {verb}
                  </button>
                </Fragment>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
