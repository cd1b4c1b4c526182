import { t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { closed, routesFor, told } from "../../route-schema.ts";
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

const teamBody = t.Object({ name: t.String(), ...limitsBody }, closed);
export type TeamBody = typeof teamBody.static;
const teamChanges = t.Object({ name: t.Optional(t.String()), ...limitsBody }, closed);
export type TeamChanges = typeof teamChanges.static;

export function teamRoutes({ teams, guard, membersOf, spentBy, freed }: TeamParts) {
  const view = (team: Team): TeamView => ({
    ...team,
    members: membersOf(team.id),
    spent_this_month: spentBy(team.name),
  });
  return routesFor(guard, "admin", "Access")
    .get("/api/teams", () => ({ data: teams.list().map(view) }), told("List the teams."))
    .post(
      "/api/teams",
      ({ body, set }) => {
        set.status = 201;
        return view(teams.create(body));
      },
      {
        ...told("Add a team.", { 201: "It is added.", 409: "The name is taken." }),
        body: teamBody,
      },
    )
    .patch("/api/teams/:id", ({ params, body }) => view(teams.update(params.id, body)), {
      ...told("Change a team's name or limits.", {
        200: "As it is now.",
        409: "The name is taken.",
      }),
      body: teamChanges,
    })
    .delete(
      "/api/teams/:id",
      ({ params, set }) => {
        teams.remove(params.id);
        freed(params.id);
        set.status = 204;
      },
      told("Remove a team; its users stay.", { 204: "It is removed." }),
    );
}
