import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { limitsBody } from "../limits/body.ts";
import type { Team, Teams } from "./teams.ts";

export interface TeamView extends Team {
  /** How many users are in it. */
  members: number;
  spent_this_month: number;
}

export interface TeamParts {
  teams: Teams;
  guard: Guard;
  membersOf(team_id: string): number;
  spentBy(team: string): number;
  /** The users of this team have none any more. */
  freed(team_id: string): void;
}

const closed = { additionalProperties: false };

export function teamRoutes({ teams, guard, membersOf, spentBy, freed }: TeamParts) {
  const view = (team: Team): TeamView => ({
    ...team,
    members: membersOf(team.id),
    spent_this_month: spentBy(team.name),
  });
  return new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "admin") }))
    .get("/api/teams", () => ({ data: teams.list().map(view) }))
    .post(
      "/api/teams",
      ({ body, set }) => {
        set.status = 201;
        return view(teams.create(body));
      },
      { body: t.Object({ name: t.String(), ...limitsBody }, closed) },
    )
    .patch("/api/teams/:id", ({ params, body }) => view(teams.update(params.id, body)), {
      body: t.Object({ name: t.Optional(t.String()), ...limitsBody }, closed),
    })
    .delete("/api/teams/:id", ({ params, set }) => {
      teams.remove(params.id);
      freed(params.id);
      set.status = 204;
    });
}
