/** Which model answers, and how. */
import type { Choice } from "./choices.ts";
import { change, settings } from "./conversation.ts";

export function SettingsFields({ models }: { models: readonly Choice[] }) {
  const { model, system, temperature, max_tokens } = settings.value;
  return (
    <div class="settings">
      <label class="field">
        <span>Model</span>
        <select value={model} onChange={(event) => change({ model: event.currentTarget.value })}>
          {models.map(({ id, state }) => (
            <option key={id} value={id}>
              {state === null ? id : `${id} (${state})`}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>System prompt (optional)</span>
        <textarea
          rows={4}
          value={system}
          onInput={(event) => change({ system: event.currentTarget.value })}
        />
      </label>
      <div class="fields-beside">
        <label class="field">
          <span>Temperature</span>
          <input
            type="number"
            min={0}
            max={2}
            step={0.1}
            value={temperature}
            onInput={(event) => change({ temperature: between(event.currentTarget, 0, 2) ?? 0 })}
          />
        </label>
        <label class="field">
          <span>Max tokens</span>
          <input
            type="number"
            min={1}
            step={1}
            placeholder="no limit"
            value={max_tokens ?? ""}
            onInput={(event) =>
              change({ max_tokens: between(event.currentTarget, 1, Number.MAX_SAFE_INTEGER) })
            }
          />
        </label>
      </div>
    </div>
  );
}

/** Null for an empty field and for anything that is not a number. */
function between(field: HTMLInputElement, least: number, most: number): number | null {
  const value = field.valueAsNumber;
  return Number.isNaN(value) ? null : Math.min(most, Math.max(least, value));
}
