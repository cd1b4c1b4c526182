/** Every transition, newest first. */
import { clock, date } from "../../format.ts";
import { Loaded } from "../../notice.tsx";
import { eventsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";

export function Events({ id }: { id: string }) {
  const events = useRemote(eventsQuery(id));
  return (
    <Loaded from={events} what="events">
      {({ data }) => (
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">To</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {data.map((event) => (
              <tr key={event.id}>
                <td data-label="When">
                  {date(event.at)} {clock(event.at)}
                </td>
                <td data-label="To">{event.to.replaceAll("_", " ")}</td>
                <td data-label="Why">{event.detail || event.reason.replaceAll("_", " ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Loaded>
  );
}
